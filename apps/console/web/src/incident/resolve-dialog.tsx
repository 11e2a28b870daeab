/** How it ended, and why: asked before an incident is resolved. */
import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { type Incident, resolveIncident } from '../client';
import { ActDialog } from './act-dialog';

const resolutions = [
  { value: 'resolved', label: 'Resolved: it is over' },
  { value: 'mitigated', label: 'Mitigated: harm is stopped, work goes on elsewhere' },
  { value: 'accepted', label: 'Accepted: known, and left so' },
  { value: 'false_positive', label: 'False positive: it was no misuse' },
  { value: 'duplicate', label: 'Duplicate of another incident' },
];

export function ResolveDialog({ incident, close }: { incident: Incident; close: () => void }) {
  const [resolution, setResolution] = useState('resolved');
  return (
    <ActDialog
      title={`Resolve incident ${incident.number}`}
      verb="Resolve"
      reason={{ label: 'Reason, for the timeline and the reports' }}
      act={(reason) => resolveIncident({ path: { id: incident.id }, body: { resolution, reason } })}
      told={({ number }) => `Incident ${number} is resolved.`}
      close={close}
    >
      <NativeSelect
        label="How it ended"
        data={resolutions}
        value={resolution}
        onChange={(event) => setResolution(event.currentTarget.value)}
        data-autofocus
      />
    </ActDialog>
  );
}
