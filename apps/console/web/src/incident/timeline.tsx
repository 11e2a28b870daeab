/** What happened, in order, who did it and why. */
import { Text } from '@mantine/core';
import type { TimelineEntry } from '../client';
import { Moment } from '../moment';
import { More } from '../more';
import { useTimeline } from '../queries';
import { Read } from '../states';

export function Timeline({ id }: { id: string }) {
  const { reading, ...more } = useTimeline(id);
  return (
    <Read reading={reading} what="the timeline" rows={4}>
      {(entries) => (
        <>
          <ol className="timeline">
            {entries.map((entry) => (
              <Entry key={entry.sequence} entry={entry} />
            ))}
          </ol>
          <More {...more} />
        </>
      )}
    </Read>
  );
}

function Entry({ entry: { at, who, what, why, details } }: { entry: TimelineEntry }) {
  const told = Object.entries(details ?? {}).filter(([, value]) => isTelling(value));
  return (
    <li>
      <Text size="sm">
        <strong>{what}</strong>
      </Text>
      {why !== undefined && (
        <Text size="sm" className="wrap">
          {why}
        </Text>
      )}
      {told.length > 0 && (
        <Text size="xs" c="dimmed" className="wrap">
          {told.map(([name, value]) => `${name.replaceAll('_', ' ')}: ${String(value)}`).join(' · ')}
        </Text>
      )}
      <Text size="xs" c="dimmed" className="wrap">
        {who} · <Moment at={at} short />
      </Text>
    </li>
  );
}

/** Ids say nothing to a person. */
function isTelling(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value) && !/^[0-9a-f]{24,}$/.test(String(value));
}
