/** One incident: what it is, who has it, what was seen, who was told, and everything that can be done about it. */
import { Anchor, Grid, Group, Paper, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Severity, Status } from '../chip';
import type { Incident } from '../client';
import { Moment } from '../moment';
import { Page } from '../page';
import { ApiError } from '../problem';
import { incidentQuery } from '../queries';
import { Empty, Read } from '../states';
import { Actions } from './actions';
import { Evidence } from './evidence';
import { Findings } from './findings';
import { Pages } from './pages';
import { Timeline } from './timeline';

export function IncidentPage() {
  const { id } = useParams({ from: '/shell/incidents/$id' });
  const reading = useQuery(incidentQuery(id));
  const incident = reading.data;
  if (reading.error instanceof ApiError && reading.error.problem.status === 404) {
    return (
      <Page title="No such incident">
        <Empty title={reading.error.problem.detail}>
          The link may be cut short, or the incident belongs to another installation. <BackLink />
        </Empty>
      </Page>
    );
  }
  return (
    <Page
      key={id}
      title={incident ? `#${incident.number} ${incident.title}` : 'Incident'}
      heading={incident ? incident.title : 'Incident'}
      aside={<BackLink />}
    >
      <Read reading={reading} what="the incident" rows={8}>
        {(found) => <Everything incident={found} />}
      </Read>
    </Page>
  );
}

function Everything({ incident }: { incident: Incident }) {
  const { id } = incident;
  return (
    <>
      <Group gap="xs" mb="sm">
        <Text className="number" size="sm">
          #{incident.number}
        </Text>
        <Severity value={incident.severity} />
        <Status value={incident.status} resolution={incident.resolution} />
        {incident.purpose !== undefined && incident.purpose !== 'production' && (
          <span className="chip chip-level-low">{incident.purpose.replace('_', ' ')}</span>
        )}
      </Group>
      <Actions incident={incident} />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Section title={`Findings (${incident.findings.toLocaleString()})`}>
            <Findings id={id} kind={incident.kind} />
          </Section>
          {incident.kind === 'detection' && (
            <Section title="Evidence">
              <Evidence key={id} id={id} />
            </Section>
          )}
          <Section title="Pages and their attempts">
            <Pages id={id} status={incident.status} />
          </Section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Section title="Facts">
            <Facts incident={incident} />
          </Section>
          <Section title="Timeline">
            <Timeline id={id} />
          </Section>
        </Grid.Col>
      </Grid>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p={{ base: 'sm', sm: 'md' }} mb="md" component="section" aria-label={title}>
      <Title order={2} mb="xs">
        {title}
      </Title>
      {children}
    </Paper>
  );
}

function Facts({ incident }: { incident: Incident }) {
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['Opened', <Moment key="opened" at={incident.opened_at} />],
    [
      'Acknowledged',
      incident.acknowledged_at ? (
        <>
          <Moment at={incident.acknowledged_at} /> by {incident.acknowledged_by}
        </>
      ) : (
        'by nobody yet'
      ),
    ],
    ...(incident.resolved_at
      ? [
          [
            'Resolved',
            <>
              <Moment at={incident.resolved_at} /> by {incident.resolved_by}
            </>,
          ] as const,
        ]
      : []),
    ...Object.entries(incident.key).map(([name, value]) => [nameOf(name), value] as const),
    ['Detector', incident.detector],
    ['Rule', incident.rule],
    ['Stage', incident.stage],
    ['Model', incident.model],
    ['Kind', incident.kind === 'detection' ? undefined : incident.kind],
    ['Round of paging', incident.round > 1 ? incident.round : undefined],
    [
      'Merged into',
      incident.merged_into && (
        <Anchor
          inherit
          renderRoot={(props) => <Link to="/incidents/$id" params={{ id: incident.merged_into ?? '' }} {...props} />}
        >
          the incident that goes on
        </Anchor>
      ),
    ],
  ];
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function nameOf(key: string): string {
  return key.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase());
}

function BackLink() {
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to="/incidents" {...props} />}>
      All incidents
    </Anchor>
  );
}
