/** Who was told by which channel, and each attempt; first who is told next. */
import { Table, Text } from '@mantine/core';
import type { Incident, Notification } from '../client';
import { Moment } from '../moment';
import { More } from '../more';
import { useNotifications } from '../queries';
import { Empty, Read } from '../states';

export function Pages({ id, status }: { id: string; status: Incident['status'] }) {
  const { reading, ...more } = useNotifications(id);
  return (
    <Read reading={reading} what="pages" rows={3}>
      {(notifications) => (
        <>
          <Next notifications={notifications} status={status} />
          {notifications.length === 0 ? (
            <Empty title="Nobody has been told.">
              {status === 'open'
                ? 'The plan lists this severity and pages nobody, or the pager has not come to it yet.'
                : 'Nobody had to be.'}
            </Empty>
          ) : (
            <ul className="plain pages">
              {notifications.map((one) => (
                <Told key={one.id} one={one} />
              ))}
            </ul>
          )}
          <More {...more} />
        </>
      )}
    </Read>
  );
}

function Next({ notifications, status }: { notifications: readonly Notification[]; status: Incident['status'] }) {
  if (status !== 'open') return null;
  const waiting = notifications.filter(({ state }) => state === 'waiting' || state === 'claimed');
  if (waiting.length === 0) return null;
  return (
    <Text size="sm" mb="xs">
      Next: {waiting.map(({ responder, channel, step }) => `${responder} by ${channel} (step ${step})`).join(', ')}.
    </Text>
  );
}

const outcomes = { sent: 'sent', retry: 'to be tried again', refused: 'refused' } as const;

function Told({ one }: { one: Notification }) {
  return (
    <li>
      <Text size="sm" className="wrap">
        <strong>{one.responder}</strong> by {one.channel} at {one.to}
      </Text>
      <Text size="xs" c="dimmed">
        {one.kind}, round {one.round}, step {one.step}: {one.state}
      </Text>
      {one.attempts.length > 0 && (
        <Table
          verticalSpacing={2}
          horizontalSpacing={6}
          className="attempts"
          aria-label={`Attempts to tell ${one.responder}`}
        >
          <Table.Tbody>
            {one.attempts.map((attempt, index) => (
              <Table.Tr key={`${attempt.at} ${index}`}>
                <Table.Td>
                  <Moment at={attempt.at} short />
                </Table.Td>
                <Table.Td>
                  {outcomes[attempt.outcome]}
                  {attempt.outcome !== 'sent' &&
                    attempt.reason !== undefined &&
                    `: ${attempt.reason.replaceAll('_', ' ')}`}
                </Table.Td>
                <Table.Td ta="right">{Math.round(attempt.ms).toLocaleString()} ms</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </li>
  );
}
