/** Writes into the timeline, and to the plan's stakeholders where asked. */
import { Checkbox } from '@mantine/core';
import { useState } from 'react';
import { type Incident, noteIncident } from '../client';
import { ActDialog } from './act-dialog';

export function NoteDialog({ incident: { id, number }, close }: { incident: Incident; close: () => void }) {
  const [stakeholders, setStakeholders] = useState(false);
  return (
    <ActDialog
      title={`Note on incident ${number}`}
      verb="Write"
      reason={{ label: 'Note', required: true }}
      act={(text = '') => noteIncident({ path: { id }, body: { text, stakeholders } })}
      told={() => `The note stands in the timeline of incident ${number}.`}
      close={close}
    >
      <Checkbox
        label="Send it to the plan’s stakeholders too"
        checked={stakeholders}
        onChange={(event) => setStakeholders(event.currentTarget.checked)}
      />
    </ActDialog>
  );
}
