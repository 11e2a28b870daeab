/** What detectors saw: label, score and the masked excerpt around the evidence, with a way to say if it was right. */
import { Button, Group, Text } from '@mantine/core';
import type { Finding, Incident } from '../client';
import { Level } from '../chip';
import { Moment } from '../moment';
import { More } from '../more';
import { useFindings } from '../queries';
import { type Judgement, useReview } from '../review';
import { Empty, Read } from '../states';

export function Findings({ id, kind }: { id: string; kind: Incident['kind'] }) {
  const { reading, ...more } = useFindings(id);
  const review = useReview();
  return (
    <Read reading={reading} what="findings" rows={3}>
      {(findings) =>
        findings.length === 0 ? (
          <Empty title="No findings.">
            {kind === 'detection'
              ? 'They were moved to another incident, or retention removed them.'
              : 'This incident is not about an output: its timeline says what it is about.'}
          </Empty>
        ) : (
          <>
            <ul className="plain findings">
              {findings.map((finding) => (
                <li key={finding.id}>
                  <FindingView finding={finding} />
                  <Judge judge={(label) => review.mutate({ id: finding.id, label })} busy={review.isPending} />
                </li>
              ))}
            </ul>
            <More {...more} />
          </>
        )
      }
    </Read>
  );
}

export function FindingView({ finding }: { finding: Finding }) {
  const where = [finding.account && `account ${finding.account}`, finding.model, finding.stage];
  return (
    <>
      <Group gap={8} wrap="nowrap" align="flex-start">
        <Level value={finding.level} />
        <Text fw={550} size="sm" className="wrap">
          {finding.title}
        </Text>
      </Group>
      <Text size="xs" c="dimmed" className="wrap" mt={2}>
        {finding.detector}: {finding.label}, score {finding.score.toFixed(2)}
        {finding.rule !== undefined && ` · rule ${finding.rule}`}
        {finding.shadow && ' · in shadow: opens nothing'}
        {finding.review_only && ' · for review only'}
      </Text>
      {finding.excerpt === undefined ? (
        <Text size="sm" c="dimmed" my={6}>
          No excerpt is kept of this one.
        </Text>
      ) : (
        <blockquote className="excerpt">{finding.excerpt}</blockquote>
      )}
      <Text size="xs" c="dimmed" className="wrap">
        {where.filter(Boolean).join(' · ')} · <Moment at={finding.at} short />
        {finding.event && ` · ${finding.event.source} ${finding.event.id}`}
      </Text>
    </>
  );
}

function Judge({ judge, busy }: { judge: (label: Judgement) => void; busy: boolean }) {
  return (
    <Group gap={6} mt={6} role="group" aria-label="Was the detector right?">
      <Text size="xs" c="dimmed">
        Was it right?
      </Text>
      {(['true', 'false', 'unsure'] as const).map((label) => (
        <Button key={label} size="compact-xs" variant="default" disabled={busy} onClick={() => judge(label)}>
          {label.replace(/^./, (letter) => letter.toUpperCase())}
        </Button>
      ))}
    </Group>
  );
}
