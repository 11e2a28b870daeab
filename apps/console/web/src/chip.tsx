/** Severity, status and level as words with a colour; the word alone says it all. */
import type { Finding, Incident } from './client';

export function Severity({ value }: { value: Incident['severity'] }) {
  return <span className={`chip chip-${value.toLowerCase()}`}>{value}</span>;
}

export function Status({ value, resolution }: { value: Incident['status']; resolution?: string }) {
  return (
    <span className={`chip chip-${value}`}>
      {value === 'resolved' ? (resolution ?? value).replace('_', ' ') : value}
    </span>
  );
}

export function Level({ value }: { value: Finding['level'] }) {
  return <span className={`chip chip-level-${value}`}>{value}</span>;
}
