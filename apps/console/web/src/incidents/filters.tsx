/** Filters of the list, kept in the address. */
import { Button, CloseButton, Group, NativeSelect, TextInput } from '@mantine/core';
import { useRef } from 'react';
import { useKeys } from '../keys';
import { type IncidentSearch, searchOf, severities, statuses } from './filter';

const any = '';
const spanWords = [
  { value: any, label: 'Any time' },
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 hours' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
];
const statusWords = [
  { value: any, label: 'Any status' },
  ...statuses.map((value) => ({ value, label: value.replace(/^./, (letter) => letter.toUpperCase()) })),
];
const severityWords = [{ value: any, label: 'Any severity' }, ...severities.map((value) => ({ value, label: value }))];

export function Filters({ search, change }: { search: IncidentSearch; change: (to: Partial<IncidentSearch>) => void }) {
  const find = useRef<HTMLInputElement>(null);
  useKeys({ '/': () => find.current?.focus() });
  const select = (name: 'status' | 'severity' | 'since') => (event: { currentTarget: { value: string } }) =>
    change({ [name]: undefined, ...searchOf({ [name]: event.currentTarget.value }) });
  const filtered = Object.values(search).some(Boolean);
  return (
    <Group gap="xs" mb="sm" role="search" aria-label="Filter incidents" className="filters">
      <NativeSelect aria-label="Status" value={search.status ?? any} data={statusWords} onChange={select('status')} />
      <NativeSelect
        aria-label="Severity"
        value={search.severity ?? any}
        data={severityWords}
        onChange={select('severity')}
      />
      <NativeSelect aria-label="Opened" value={search.since ?? any} data={spanWords} onChange={select('since')} />
      <TextInput
        ref={find}
        className="find"
        aria-label="Search among the loaded incidents"
        placeholder="Search loaded ( / )"
        value={search.find ?? ''}
        onChange={(event) => change({ find: event.currentTarget.value || undefined })}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        rightSection={
          search.find ? (
            <CloseButton size="sm" aria-label="Clear the search" onClick={() => change({ find: undefined })} />
          ) : null
        }
      />
      {filtered && (
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => change({ status: undefined, severity: undefined, since: undefined, find: undefined })}
        >
          Clear filters
        </Button>
      )}
    </Group>
  );
}
