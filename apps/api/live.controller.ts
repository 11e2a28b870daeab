/**
 * Live updates as server-sent events. A message only says that something changed; the client reads what it shows again.
 * So nothing is kept for a slow client, and one statement a second serves all of them: none is sent while nobody looks.
 */
import { Controller, Injectable, type MessageEvent, type OnApplicationShutdown, Sse } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import {
  catchError,
  distinctUntilChanged,
  EMPTY,
  exhaustMap,
  interval,
  map,
  merge,
  Observable,
  share,
  Subject,
  takeUntil,
} from 'rxjs';
import { Database } from '../../libs/database/index.js';

const everyMs = 1_000;
/** Proxies cut what is silent for long. */
const heartbeatMs = 15_000;

// Whatever happens to an incident leaves an entry in its timeline, save growing, for which tallies stand, and tries to
// deliver a page.
const lastChange = `
select coalesce((select max(sequence) from tocsin.incident_event), 0) as entries,
       (select max(at) from tocsin.delivery_attempt) as attempt,
       coalesce((select max(minute) from tocsin.tally
                  where measure = 'findings' and minute > tocsin.now() - interval '1 hour'), 'epoch') as minute`;

@Injectable()
export class Changes implements OnApplicationShutdown {
  private readonly closing = new Subject<void>();
  private readonly changed: Observable<MessageEvent>;

  constructor(database: Database) {
    this.changed = interval(everyMs).pipe(
      exhaustMap(() =>
        // While the database is away there is nothing to tell; the clients' own reads say so.
        database.query(lastChange).catch(() => undefined),
      ),
      map((rows) => JSON.stringify(rows)),
      // The first look is told too: what its client read before may be older than what it counts from.
      distinctUntilChanged(),
      map((): MessageEvent => ({ type: 'changed', data: 'incidents' })),
      catchError(() => EMPTY),
      share(),
    );
  }

  stream(): Observable<MessageEvent> {
    const heartbeat = interval(heartbeatMs).pipe(map((): MessageEvent => ({ type: 'heartbeat', data: 'alive' })));
    return merge(this.changed, heartbeat).pipe(takeUntil(this.closing));
  }

  onApplicationShutdown(): void {
    this.closing.next();
  }
}

@ApiTags('live')
@SkipThrottle()
@Controller('api/v1/live')
export class LiveController {
  constructor(private readonly changes: Changes) {}

  @Sse()
  @ApiExcludeEndpoint()
  stream(): Observable<MessageEvent> {
    return this.changes.stream();
  }
}
