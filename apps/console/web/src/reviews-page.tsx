/** Findings that nobody has judged yet, one after the other: T, F or U, and the next one comes. */
import { Button, Group, Kbd, Paper, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Finding, Precision } from './client';
import { FindingView } from './incident/findings';
import { useKeys } from './keys';
import { More } from './more';
import { Page } from './page';
import { precisionQuery, useUnreviewed } from './queries';
import { type Judgement, useReview } from './review';
import { Empty, Read } from './states';

const days = 28;

export function ReviewsPage() {
  const { reading, ...more } = useUnreviewed();
  const precision = useQuery(precisionQuery(days));
  return (
    <Page title="Reviews">
      <Paper withBorder p={{ base: 'sm', sm: 'md' }} mb="md" component="section" aria-label="To be judged">
        <Read reading={reading} what="findings to judge" rows={5}>
          {(findings) => (
            <>
              <Queue findings={findings} />
              <More {...more} />
            </>
          )}
        </Read>
      </Paper>
      <Paper withBorder p={{ base: 'sm', sm: 'md' }} component="section" aria-label="Precision">
        <Title order={2} mb="xs">
          Precision of the last {days} days
        </Title>
        <Read reading={precision} what="precision" rows={3}>
          {({ items }) => <PrecisionTable items={items} />}
        </Read>
      </Paper>
    </Page>
  );
}

function Queue({ findings }: { findings: readonly Finding[] }) {
  // What was judged here leaves at once; the next reading confirms it.
  const [judged, setJudged] = useState<ReadonlySet<string>>(new Set());
  const [skipped, setSkipped] = useState(0);
  const waiting = findings.filter(({ id }) => !judged.has(id));
  const at = Math.min(skipped, waiting.length - 1);
  const finding = waiting[at];
  const review = useReview((id) => setJudged((before) => new Set([...before, id])));
  const judge = (label: Judgement) => {
    if (finding && !review.isPending) review.mutate({ id: finding.id, label });
  };
  const move = (by: number) => setSkipped(Math.min(Math.max(at + by, 0), waiting.length - 1));
  useKeys({
    t: () => judge('true'),
    f: () => judge('false'),
    u: () => judge('unsure'),
    j: () => move(1),
    k: () => move(-1),
  });
  if (!finding) {
    return (
      <Empty title="Nothing waits for a judgement.">
        Every finding has been reviewed. New ones come here by themselves.
      </Empty>
    );
  }
  return (
    <>
      <Group justify="space-between" mb="xs" gap="xs">
        <Title order={2}>Was the detector right?</Title>
        <Text size="sm" c="dimmed" role="status">
          {at + 1} of {waiting.length} loaded
        </Text>
      </Group>
      <FindingView finding={finding} />
      <Group mt="md" gap="xs">
        <Button onClick={() => judge('true')} rightSection={<Kbd>T</Kbd>} variant="default">
          True
        </Button>
        <Button onClick={() => judge('false')} rightSection={<Kbd>F</Kbd>} variant="default">
          False
        </Button>
        <Button onClick={() => judge('unsure')} rightSection={<Kbd>U</Kbd>} variant="default">
          Unsure
        </Button>
        <Group gap="xs" ml="auto">
          <Button variant="subtle" onClick={() => move(-1)} disabled={at === 0}>
            Back
          </Button>
          <Button variant="subtle" onClick={() => move(1)} disabled={at >= waiting.length - 1}>
            Skip
          </Button>
        </Group>
      </Group>
    </>
  );
}

function PrecisionTable({ items }: { items: Precision['items'] }) {
  if (items.length === 0)
    return <Empty title="No review yet.">Precision is worked out from reviews, with the interval so few allow.</Empty>;
  return (
    <Table verticalSpacing={4} aria-label="Precision by detector and rule">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Detector</Table.Th>
          <Table.Th visibleFrom="sm" ta="right">
            Reviewed
          </Table.Th>
          <Table.Th ta="right">Right / wrong</Table.Th>
          <Table.Th ta="right">Precision (95 %)</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((row) => (
          <Table.Tr key={`${row.detector} ${row.rule ?? ''}`}>
            <Table.Td className="wrap">
              {row.detector}
              {row.rule !== undefined && (
                <Text size="xs" c="dimmed">
                  {row.rule}
                </Text>
              )}
            </Table.Td>
            <Table.Td visibleFrom="sm" ta="right" className="number">
              {row.reviewed}
            </Table.Td>
            <Table.Td ta="right" className="number">
              {row.confirmed} / {row.refuted}
            </Table.Td>
            <Table.Td ta="right" className="number">
              {row.precision === undefined ? '–' : percent(row.precision)} ({percent(row.low)}–{percent(row.high)})
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
