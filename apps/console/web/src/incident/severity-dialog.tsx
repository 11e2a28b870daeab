/** Changes the severity; the reason is wanted because it changes who is paged. */
import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { type Incident, setSeverity } from '../client';
import { severities } from '../incidents/filter';
import { ActDialog } from './act-dialog';

export function SeverityDialog({ incident, close }: { incident: Incident; close: () => void }) {
  const [severity, choose] = useState(incident.severity);
  return (
    <ActDialog
      title={`Severity of incident ${incident.number}`}
      verb="Change"
      ready={severity !== incident.severity}
      reason={{ label: 'Reason', required: true }}
      act={(reason = '') => setSeverity({ path: { id: incident.id }, body: { severity, reason } })}
      told={(now) => `Incident ${now.number} is ${now.severity}.`}
      close={close}
    >
      <NativeSelect
        label="Severity"
        description={`Now ${incident.severity}; SEV1 is the highest`}
        data={[...severities]}
        value={severity}
        onChange={(event) => choose(severities.find((one) => one === event.currentTarget.value) ?? severity)}
        data-autofocus
      />
    </ActDialog>
  );
}
