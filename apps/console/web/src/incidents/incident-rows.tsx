/** The same incidents as a dense table where there is room, and as cards on a phone. */
import { Anchor, Button, Group, Paper, Stack, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { Severity, Status } from '../chip';
import type { Incident } from '../client';
import { Moment } from '../moment';

export interface RowsParts {
  readonly items: readonly Incident[];
  readonly acknowledge: (incident: Incident) => void;
}

/** The id of the link in an incident's row: what has the focus is the current one. */
export const rowId = ({ id }: Pick<Incident, 'id'>) => `incident-${id}`;

export function IncidentTable({ items, acknowledge }: RowsParts) {
  return (
    <Table className="incidents" verticalSpacing={5} highlightOnHover aria-label="Incidents, newest first">
      <Table.Thead>
        <Table.Tr>
          <Table.Th w={64}>No.</Table.Th>
          <Table.Th w={72}>Severity</Table.Th>
          <Table.Th>What</Table.Th>
          <Table.Th w={190}>Status</Table.Th>
          <Table.Th visibleFrom="lg" w={180}>
            Stage and model
          </Table.Th>
          <Table.Th w={84} ta="right">
            Findings
          </Table.Th>
          <Table.Th w={230}>Opened</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((incident) => (
          <Row key={incident.id} incident={incident} acknowledge={acknowledge} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface RowParts {
  readonly incident: Incident;
  readonly acknowledge: (incident: Incident) => void;
}

const Row = memo(function Row({ incident, acknowledge }: RowParts) {
  return (
    <Table.Tr data-incident={incident.id}>
      <Table.Td className="number">{incident.number}</Table.Td>
      <Table.Td>
        <Severity value={incident.severity} />
      </Table.Td>
      <Table.Td className="what">
        <Title incident={incident} />
        <Text size="xs" c="dimmed" truncate>
          {aboutOf(incident)}
        </Text>
      </Table.Td>
      <Table.Td>
        <Standing incident={incident} acknowledge={acknowledge} />
      </Table.Td>
      <Table.Td visibleFrom="lg">
        <Text size="xs" truncate>
          {incident.stage ?? '–'}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {incident.model ?? ''}
        </Text>
      </Table.Td>
      <Table.Td ta="right" className="number">
        {incident.findings.toLocaleString()}
      </Table.Td>
      <Table.Td className="when">
        <Moment at={incident.opened_at} short />
      </Table.Td>
    </Table.Tr>
  );
});

export function IncidentCards({ items, acknowledge }: RowsParts) {
  return (
    <Stack gap="xs" component="ul" className="plain" aria-label="Incidents, newest first">
      {items.map((incident) => (
        <Card key={incident.id} incident={incident} acknowledge={acknowledge} />
      ))}
    </Stack>
  );
}

const Card = memo(function Card({ incident, acknowledge }: RowParts) {
  return (
    <Paper withBorder p="sm" component="li" data-incident={incident.id}>
      <Group gap={8} mb={4} wrap="nowrap">
        <Severity value={incident.severity} />
        <Text size="sm" className="number">
          #{incident.number}
        </Text>
        <Text size="xs" ml="auto" className="when">
          <Moment at={incident.opened_at} short />
        </Text>
      </Group>
      <Title incident={incident} />
      <Text size="xs" c="dimmed" className="wrap">
        {aboutOf(incident)}
        {incident.findings > 0 && ` · ${countOf(incident.findings)}`}
      </Text>
      <Group mt={8} justify="space-between" gap={8}>
        <Standing incident={incident} acknowledge={acknowledge} />
      </Group>
    </Paper>
  );
});

function Title({ incident }: { incident: Incident }) {
  return (
    <Anchor
      fw={550}
      size="sm"
      c="inherit"
      className="title"
      renderRoot={(props) => <Link to="/incidents/$id" params={{ id: incident.id }} {...props} id={rowId(incident)} />}
    >
      {incident.title}
    </Anchor>
  );
}

/** Its status, and for one that nobody has the way to take it. */
function Standing({ incident, acknowledge }: RowParts) {
  if (incident.status !== 'open') {
    const who = incident.status === 'resolved' ? incident.resolved_by : incident.acknowledged_by;
    return (
      <div>
        <Status value={incident.status} resolution={incident.resolution} />
        {who !== undefined && (
          <Text size="xs" c="dimmed" truncate maw={170}>
            by {who}
          </Text>
        )}
      </div>
    );
  }
  return (
    <Group gap={8} wrap="nowrap">
      <Status value="open" />
      <Button
        size="compact-xs"
        variant="default"
        onClick={() => acknowledge(incident)}
        aria-label={`Acknowledge incident ${incident.number}`}
      >
        Acknowledge
      </Button>
    </Group>
  );
}

function aboutOf({ key, detector, rule, kind }: Incident): string {
  const keys = Object.entries(key).map(([name, value]) => `${name} ${value}`);
  const by = kind === 'detection' ? (rule ?? detector) : (detector ?? kind);
  return [...keys, by].filter(Boolean).join(' · ');
}

function countOf(findings: number): string {
  return `${findings.toLocaleString()} ${findings === 1 ? 'finding' : 'findings'}`;
}
