/** Pages nobody until a moment; it pages again then by itself. */
import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { type Incident, snoozeIncident } from '../client';
import { ActDialog } from './act-dialog';

const minute = 60_000;
const choices = [
  { value: String(30 * minute), label: '30 minutes' },
  { value: String(60 * minute), label: '1 hour' },
  { value: String(4 * 60 * minute), label: '4 hours' },
  { value: String(8 * 60 * minute), label: '8 hours' },
  { value: String(24 * 60 * minute), label: '24 hours' },
];

export function SnoozeDialog({ incident: { id, number }, close }: { incident: Incident; close: () => void }) {
  const [wait, setWait] = useState(String(60 * minute));
  return (
    <ActDialog
      title={`Snooze incident ${number}`}
      verb="Snooze"
      reason={{ label: 'Reason' }}
      act={(reason) =>
        snoozeIncident({
          path: { id },
          body: { until: new Date(Date.now() + Number(wait)).toISOString(), reason },
        })
      }
      told={() => `Incident ${number} pages nobody until then.`}
      close={close}
    >
      <NativeSelect
        label="Page nobody for"
        data={choices}
        value={wait}
        onChange={(event) => setWait(event.currentTarget.value)}
        data-autofocus
      />
    </ActDialog>
  );
}
