/** Thresholds worked out from the deployment's own traffic, waiting for a person's yes or no; and those in force. */
import { Button, Group, Paper, Table, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { declineThreshold, publishThreshold, type Thresholds } from './client';
import { Moment } from './moment';
import { Page } from './page';
import { wordsOf } from './problem';
import { thresholdsQuery } from './queries';
import { readAgain } from './reading';
import { Empty, Read } from './states';

export function ThresholdsPage() {
  const reading = useQuery(thresholdsQuery);
  return (
    <Page title="Thresholds">
      <Read reading={reading} what="thresholds" rows={6}>
        {({ proposals, in_force }) => (
          <>
            <Paper withBorder p={{ base: 'sm', sm: 'md' }} mb="md" component="section" aria-label="Proposals">
              <Title order={2} mb="xs">
                Proposals
              </Title>
              <Proposals proposals={proposals} current={in_force} />
            </Paper>
            <Paper withBorder p={{ base: 'sm', sm: 'md' }} component="section" aria-label="In force">
              <Title order={2} mb="xs">
                In force
              </Title>
              <InForce rows={in_force} />
            </Paper>
          </>
        )}
      </Read>
    </Page>
  );
}

type Proposal = Thresholds['proposals'][number];
type Current = Thresholds['in_force'][number];

function Proposals({ proposals, current }: { proposals: readonly Proposal[]; current: readonly Current[] }) {
  const answering = useMutation({
    mutationFn: ({ version, publish }: { version: number; publish: boolean }) => {
      const path = { version: String(version) };
      return publish ? publishThreshold({ path }) : declineThreshold({ path });
    },
    onSuccess: (_, { version, publish }) =>
      void notifications.show({ message: `Version ${version} is ${publish ? 'in force' : 'turned down'}.` }),
    onError: (error) => {
      const { title, advice } = wordsOf(error);
      notifications.show({ title, message: advice, color: 'red' });
    },
    onSettled: readAgain,
  });
  if (proposals.length === 0) {
    return (
      <Empty title="No proposal waits.">
        One is made after 10,000 outputs of a new model version or stage, and with each weekly report.
      </Empty>
    );
  }
  return (
    <ul className="plain findings">
      {proposals.map((one) => (
        <li key={one.version}>
          <Text fw={550}>
            {one.detector} on {one.model}, {one.stage}
          </Text>
          <Text size="sm">
            {before(one, current)} → <strong>{one.value.toFixed(3)}</strong>
            <Text span size="sm" c="dimmed">
              {' '}
              (floor {one.floor.toFixed(3)}, ceiling {one.ceiling.toFixed(3)})
            </Text>
          </Text>
          <Text size="xs" c="dimmed">
            Version {one.version}, proposed by {one.proposed_by} <Moment at={one.proposed_at} />
          </Text>
          <Group gap="xs" mt={6}>
            <Button
              size="xs"
              disabled={answering.isPending}
              onClick={() => answering.mutate({ version: one.version, publish: true })}
              aria-label={`Publish version ${one.version}`}
            >
              Publish
            </Button>
            <Button
              size="xs"
              variant="default"
              disabled={answering.isPending}
              onClick={() => answering.mutate({ version: one.version, publish: false })}
              aria-label={`Decline version ${one.version}`}
            >
              Decline
            </Button>
          </Group>
        </li>
      ))}
    </ul>
  );
}

function before({ model, stage, detector }: Proposal, current: readonly Current[]): string {
  const now = current.find((one) => one.model === model && one.stage === stage && one.detector === detector);
  return now === undefined ? 'the shipped floor' : now.value.toFixed(3);
}

function InForce({ rows }: { rows: readonly Current[] }) {
  if (rows.length === 0)
    return <Empty title="None has been published.">Until then each detector uses the floor it was shipped with.</Empty>;
  return (
    <Table verticalSpacing={4} aria-label="Thresholds in force">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Detector</Table.Th>
          <Table.Th>Model and stage</Table.Th>
          <Table.Th ta="right">Threshold</Table.Th>
          <Table.Th visibleFrom="sm">Since</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.version}>
            <Table.Td>{row.detector}</Table.Td>
            <Table.Td className="wrap">
              {row.model}, {row.stage}
            </Table.Td>
            <Table.Td ta="right" className="number">
              {row.value.toFixed(3)}
            </Table.Td>
            <Table.Td visibleFrom="sm">
              <Moment at={row.effective_from} short /> by {row.published_by}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
