/**
 * The same incidents as a dense table where there is room, and as cards on a phone. Rows are plain elements of a fixed
 * height with one click listener for all: built of Mantine's components and router links, 100 took eight times as long.
 */
import { useNavigate } from '@tanstack/react-router';
import { memo, type MouseEvent } from 'react';
import { Severity, Status } from '../chip';
import type { Incident } from '../client';
import { Moment } from '../moment';

export interface RowsParts {
  readonly items: readonly Incident[];
  readonly acknowledge: (incident: Incident) => void;
}

/** The id of the link in an incident's row: what has the focus is the current one. */
export const rowId = ({ id }: Pick<Incident, 'id'>) => `incident-${id}`;

const label = 'Incidents, newest first';

// Roles are said again because a table that is drawn as a grid may lose them.
export function IncidentTable({ items, acknowledge }: RowsParts) {
  return (
    <table role="table" className="incidents" aria-label={label} onClick={useOpening()}>
      <thead role="rowgroup">
        <tr role="row" className="row">
          <th role="columnheader">No.</th>
          <th role="columnheader">Severity</th>
          <th role="columnheader">What</th>
          <th role="columnheader">Status</th>
          <th role="columnheader" className="roomy-only">
            Stage and model
          </th>
          <th role="columnheader" className="right">
            Findings
          </th>
          <th role="columnheader">Opened</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {items.map((incident) => (
          <Row key={incident.id} incident={incident} acknowledge={acknowledge} />
        ))}
      </tbody>
    </table>
  );
}

interface RowParts {
  readonly incident: Incident;
  readonly acknowledge: (incident: Incident) => void;
}

const Row = memo(function Row({ incident, acknowledge }: RowParts) {
  return (
    <tr role="row" className="row" data-incident={incident.id}>
      <td role="cell" className="number">
        {incident.number}
      </td>
      <td role="cell">
        <Severity value={incident.severity} />
      </td>
      <td role="cell">
        <Title incident={incident} />
        <div className="small dimmed cut">{aboutOf(incident)}</div>
      </td>
      <td role="cell">
        <Standing incident={incident} acknowledge={acknowledge} />
      </td>
      <td role="cell" className="roomy-only small">
        <div className="cut">{incident.stage ?? '–'}</div>
        <div className="cut dimmed">{incident.model}</div>
      </td>
      <td role="cell" className="number right">
        {incident.findings.toLocaleString()}
      </td>
      <td role="cell" className="when">
        <Moment at={incident.opened_at} short />
      </td>
    </tr>
  );
});

export function IncidentCards({ items, acknowledge }: RowsParts) {
  return (
    <ul className="plain cards" aria-label={label} onClick={useOpening()}>
      {items.map((incident) => (
        <Card key={incident.id} incident={incident} acknowledge={acknowledge} />
      ))}
    </ul>
  );
}

const Card = memo(function Card({ incident, acknowledge }: RowParts) {
  return (
    <li className="card" data-incident={incident.id}>
      <div className="line">
        <Severity value={incident.severity} />
        <span className="number">#{incident.number}</span>
        <span className="when last">
          <Moment at={incident.opened_at} short />
        </span>
      </div>
      <Title incident={incident} />
      <div className="small dimmed wrap">
        {aboutOf(incident)}
        {incident.findings > 0 && ` · ${countOf(incident.findings)}`}
      </div>
      <Standing incident={incident} acknowledge={acknowledge} />
    </li>
  );
});

function Title({ incident }: { incident: Incident }) {
  return (
    <a className="title" id={rowId(incident)} href={`/incidents/${incident.id}`} title={incident.title}>
      {incident.title}
    </a>
  );
}

/** One listener for all rows opens an incident without leaving the page; other clicks are the browser's. */
function useOpening() {
  const navigate = useNavigate();
  return (event: MouseEvent) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (!(event.target instanceof Element)) return;
    const id = event.target.closest('a.title')?.closest('[data-incident]')?.getAttribute('data-incident');
    if (!id) return;
    event.preventDefault();
    void navigate({ to: '/incidents/$id', params: { id } });
  };
}

/** Its status, and for one that nobody has the way to take it. */
function Standing({ incident, acknowledge }: RowParts) {
  if (incident.status === 'open') {
    return (
      <div className="line standing">
        <Status value="open" />
        <button
          type="button"
          className="take"
          onClick={() => acknowledge(incident)}
          aria-label={`Acknowledge incident ${incident.number}`}
        >
          Acknowledge
        </button>
      </div>
    );
  }
  const who = incident.status === 'resolved' ? incident.resolved_by : incident.acknowledged_by;
  return (
    <div className="line standing">
      <Status value={incident.status} resolution={incident.resolution} />
      {who !== undefined && <span className="small dimmed cut">{who}</span>}
    </div>
  );
}

function aboutOf({ key, detector, rule, kind }: Incident): string {
  const keys = Object.entries(key).map(([name, value]) => (name === 'account' ? value : `${name} ${value}`));
  const by = kind === 'detection' ? (rule ?? detector) : (detector ?? kind);
  return [...keys, by].filter(Boolean).join(' · ');
}

function countOf(findings: number): string {
  return `${findings.toLocaleString()} ${findings === 1 ? 'finding' : 'findings'}`;
}
