/** Is everything read, what was found, what is open and who has the pager: one screen for somebody who just woke up. */
import { Anchor, Group, Paper, SimpleGrid, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Severity } from '../chip';
import type { Overview } from '../client';
import { Moment } from '../moment';
import { OnCallList } from '../on-call-page';
import { Page } from '../page';
import { overviewQuery } from '../queries';
import { Read } from '../states';
import { ThroughputChart } from './throughput-chart';

/** Throughput and lag change without an incident's timeline, so they are asked for by themselves. */
const everyMs = 5_000;

export function OverviewPage() {
  const reading = useQuery({ ...overviewQuery, refetchInterval: everyMs });
  return (
    <Page title="Overview">
      <Read reading={reading} what="the overview" rows={8}>
        {(overview) => <Screen overview={overview} />}
      </Read>
    </Page>
  );
}

function Screen({ overview }: { overview: Overview }) {
  const unacknowledged = overview.open.reduce((sum, { open }) => sum + open, 0);
  const inHand = overview.open.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm" mb="md">
        <Tile label="Nobody has it yet" value={unacknowledged} alarm={unacknowledged > 0}>
          <Anchor size="xs" renderRoot={(props) => <Link to="/incidents" search={{ status: 'open' }} {...props} />}>
            open incidents
          </Anchor>
        </Tile>
        <Tile label="Acknowledged" value={inHand}>
          <Anchor
            size="xs"
            renderRoot={(props) => <Link to="/incidents" search={{ status: 'acknowledged' }} {...props} />}
          >
            in somebody’s hands
          </Anchor>
        </Tile>
        <Tile
          label="Still to be read"
          value={lagOf(overview)}
          alarm={overview.lag?.some(({ state }) => state !== 'ok')}
        >
          <Text size="xs" c="dimmed">
            {overview.lag ? 'records in the log' : 'Kafka cannot be asked from here'}
          </Text>
        </Tile>
        <Tile label="Dead letters" value={overview.dead_letters} alarm={overview.dead_letters > 0}>
          <Text size="xs" c="dimmed">
            in 24 hours: <code>tocsin deadletters list</code>
          </Text>
        </Tile>
      </SimpleGrid>
      <Troubles overview={overview} />
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        <Panel title="Throughput of the last hour">
          <ThroughputChart points={overview.throughput} at={overview.at} />
        </Panel>
        <Panel title="Open incidents by severity">
          <OpenBySeverity open={overview.open} />
        </Panel>
        <Panel title="Findings of the last hour">
          <FindingsByDetector findings={overview.findings} />
        </Panel>
        <Panel title="Lag">
          <Lag lag={overview.lag} />
        </Panel>
        <Panel title="On call now">
          <OnCallList />
        </Panel>
        <Panel title="Configuration">
          {overview.bundle ? (
            <Text size="sm">
              Bundle <code>{overview.bundle.hash.slice(0, 12)}</code>, applied by {overview.bundle.applied_by}{' '}
              <Moment at={overview.bundle.applied_at} />.
            </Text>
          ) : (
            <Text size="sm">
              No bundle is active: run <code>tocsin apply</code>.
            </Text>
          )}
        </Panel>
      </SimpleGrid>
    </>
  );
}

function lagOf({ lag }: Overview): number | undefined {
  return lag?.reduce((sum, { records }) => sum + records, 0);
}

/** What cannot be seen is said, not left to be noticed. */
function Troubles({ overview }: { overview: Overview }) {
  const troubles = [
    overview.disagreeing_copies > 0 &&
      `${overview.disagreeing_copies} processes do not hold the active bundle: \`tocsin doctor\` says which.`,
    overview.unmatched_feedback > 0 &&
      `${overview.unmatched_feedback.toLocaleString()} reports and verdicts wait for an output that has not come.`,
    overview.throughput.length === 0 && 'No output was read in the last hour.',
  ].filter((one) => one !== false);
  if (troubles.length === 0) return null;
  return (
    <Paper withBorder p="sm" mb="md" component="section" aria-label="What needs a look" className="troubles">
      {troubles.map((trouble) => (
        <Text key={trouble} size="sm">
          {trouble}
        </Text>
      ))}
    </Paper>
  );
}

function Tile({
  label,
  value,
  alarm = false,
  children,
}: {
  label: string;
  value: number | undefined;
  alarm?: boolean | undefined;
  children: ReactNode;
}) {
  return (
    <Paper withBorder p="sm" className={alarm ? 'tile alarm' : 'tile'}>
      <Text size="sm">{label}</Text>
      <Text className="figure">{value === undefined ? '–' : value.toLocaleString()}</Text>
      {children}
    </Paper>
  );
}

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p={{ base: 'sm', sm: 'md' }} component="section" aria-label={title}>
      <Title order={2} mb="xs">
        {title}
      </Title>
      {children}
    </Paper>
  );
}

function OpenBySeverity({ open }: { open: Overview['open'] }) {
  return (
    <Table verticalSpacing={4} aria-label="Open incidents by severity">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Severity</Table.Th>
          <Table.Th ta="right">Nobody has it</Table.Th>
          <Table.Th ta="right">Acknowledged</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {open.map((row) => (
          <Table.Tr key={row.severity}>
            <Table.Td>
              <Severity value={row.severity} />
            </Table.Td>
            <Table.Td ta="right" className="number">
              <Anchor
                inherit
                renderRoot={(props) => (
                  <Link to="/incidents" search={{ status: 'open', severity: row.severity }} {...props} />
                )}
              >
                {row.open.toLocaleString()}
              </Anchor>
            </Table.Td>
            <Table.Td ta="right" className="number">
              {row.acknowledged.toLocaleString()}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function FindingsByDetector({ findings }: { findings: Overview['findings'] }) {
  const most = Math.max(1, ...findings.map(({ count }) => count));
  if (findings.length === 0) return <Text size="sm">Nothing was found in the last hour.</Text>;
  return (
    <ul className="plain bars">
      {findings.map(({ detector, count }) => (
        <li key={detector}>
          <Group justify="space-between" gap="xs" wrap="nowrap">
            <Text size="sm" className="wrap">
              {detector || 'unnamed'}
            </Text>
            <Text size="sm" className="number">
              {count.toLocaleString()}
            </Text>
          </Group>
          <span className="bar" style={{ width: `${Math.max(1, (100 * count) / most)}%` }} />
        </li>
      ))}
    </ul>
  );
}

function Lag({ lag }: { lag: Overview['lag'] }) {
  if (!lag) return <Text size="sm">Kafka is not configured here, or cannot be reached.</Text>;
  if (lag.length === 0) return <Text size="sm">No partition has been read yet: is a monitor running?</Text>;
  return (
    <Table verticalSpacing={4} aria-label="Lag by topic">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Topic</Table.Th>
          <Table.Th ta="right">Partitions</Table.Th>
          <Table.Th ta="right">Records to read</Table.Th>
          <Table.Th>State</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {lag.map((row) => (
          <Table.Tr key={row.topic}>
            <Table.Td className="wrap">{row.topic}</Table.Td>
            <Table.Td ta="right">{row.partitions}</Table.Td>
            <Table.Td ta="right" className="number">
              {row.records.toLocaleString()}
            </Table.Td>
            <Table.Td>{row.state}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
