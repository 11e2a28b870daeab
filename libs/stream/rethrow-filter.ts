/**
 * Nest's default filter replaces an error by `{status: 'error', message: 'Internal server error'}`: SQLSTATE and class
 * are gone, and a bug looks like something to try again (promise 2). This one passes the error on as it is.
 */
import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';

/** Use as a global filter of every app that listens by `BatchServer`. */
@Catch()
export class RethrowFilter implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}
