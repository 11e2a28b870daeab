/** Who has the pager on each schedule, and why they do. */
import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Moment } from './moment';
import { Page } from './page';
import { onCallQuery } from './queries';
import { Empty, Read } from './states';

export function OnCallPage() {
  return (
    <Page title="On call">
      <OnCallList details />
    </Page>
  );
}

export function OnCallList({ details = false }: { details?: boolean }) {
  const reading = useQuery({ ...onCallQuery, refetchInterval: 60_000 });
  return (
    <Read reading={reading} what="who is on call" rows={3}>
      {({ at, plan, items }) => (
        <Stack gap="sm">
          {items.length === 0 && !details ? (
            <Text size="sm">The plan has no schedule: its steps say whom it pages.</Text>
          ) : items.length === 0 ? (
            <Empty title="The plan has no schedule.">
              It pages people by name: its steps say whom. Schedules stand in <code>plan.yml</code>.
            </Empty>
          ) : (
            <dl className="facts roomy">
              {items.map((item) => (
                <div key={item.schedule}>
                  <dt>{item.schedule}</dt>
                  <dd>
                    {item.responder === undefined ? (
                      <strong>Nobody</strong>
                    ) : (
                      <strong>{item.name ?? item.responder}</strong>
                    )}
                    <Text size="sm" c="dimmed">
                      {item.why}
                    </Text>
                  </dd>
                </div>
              ))}
            </dl>
          )}
          {details && (
            <Text size="sm" c="dimmed" className="wrap">
              As of <Moment at={at} plain />, by {plan.from}
              {plan.runbook !== undefined && `; runbook ${plan.runbook}`}.
            </Text>
          )}
        </Stack>
      )}
    </Read>
  );
}
