/** What can be done about an incident now: the usual in the open, the rest in a menu. */
import { Button, Group, Menu } from '@mantine/core';
import { useState } from 'react';
import { useAct } from '../act';
import { acknowledgeIncident, escalateIncident, type Incident, reopenIncident } from '../client';
import { useKeys } from '../keys';
import { ActDialog } from './act-dialog';
import { NoteDialog } from './note-dialog';
import { ResolveDialog } from './resolve-dialog';
import { AddResponderDialog, ReassignDialog } from './responder-dialogs';
import { SeverityDialog } from './severity-dialog';
import { SnoozeDialog } from './snooze-dialog';

type Asked = 'resolve' | 'note' | 'snooze' | 'escalate' | 'reassign' | 'responder' | 'severity' | 'reopen';

export function Actions({ incident }: { incident: Incident }) {
  const [asked, ask] = useState<Asked>();
  const { id, status } = incident;
  const over = status === 'resolved';
  const acknowledging = useAct(
    () => acknowledgeIncident({ path: { id }, body: {} }),
    ({ number, acknowledged_by }) => `Incident ${number} is acknowledged by ${acknowledged_by ?? 'you'}.`,
  );
  useKeys({
    n: () => ask('note'),
    ...(!over && { a: () => acknowledging.mutate(), r: () => ask('resolve') }),
  });
  return (
    <Group gap="xs" mb="md" className="actions">
      {!over && (
        <Button
          onClick={() => acknowledging.mutate()}
          loading={acknowledging.isPending}
          variant={status === 'open' ? 'filled' : 'default'}
        >
          {status === 'open' ? 'Acknowledge' : 'Acknowledge again'}
        </Button>
      )}
      {!over && (
        <Button variant="default" onClick={() => ask('resolve')}>
          Resolve
        </Button>
      )}
      {over && (
        <Button variant="default" onClick={() => ask('reopen')}>
          Re-open
        </Button>
      )}
      <Button variant="default" onClick={() => ask('note')}>
        Note
      </Button>
      {!over && (
        <Menu position="bottom-start">
          <Menu.Target>
            <Button variant="default">More</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => ask('snooze')}>Snooze</Menu.Item>
            <Menu.Item onClick={() => ask('escalate')}>Escalate now</Menu.Item>
            <Menu.Item onClick={() => ask('responder')}>Add a responder</Menu.Item>
            <Menu.Item onClick={() => ask('reassign')}>Reassign</Menu.Item>
            <Menu.Item onClick={() => ask('severity')}>Change severity</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {asked && <Dialog asked={asked} incident={incident} close={() => ask(undefined)} />}
    </Group>
  );
}

function Dialog({ asked, incident, close }: { asked: Asked; incident: Incident; close: () => void }) {
  const { id, number } = incident;
  switch (asked) {
    case 'resolve':
      return <ResolveDialog incident={incident} close={close} />;
    case 'note':
      return <NoteDialog incident={incident} close={close} />;
    case 'snooze':
      return <SnoozeDialog incident={incident} close={close} />;
    case 'reassign':
      return <ReassignDialog incident={incident} close={close} />;
    case 'responder':
      return <AddResponderDialog incident={incident} close={close} />;
    case 'severity':
      return <SeverityDialog incident={incident} close={close} />;
    case 'escalate':
      return (
        <ActDialog
          title={`Escalate incident ${number} now`}
          verb="Escalate"
          reason={{ label: 'Reason' }}
          act={(reason) => escalateIncident({ path: { id }, body: { reason } })}
          told={() => `The next step of incident ${number} is due now.`}
          close={close}
        />
      );
    case 'reopen':
      return (
        <ActDialog
          title={`Re-open incident ${number}`}
          verb="Re-open"
          reason={{ label: 'Reason' }}
          act={(reason) => reopenIncident({ path: { id }, body: { reason } })}
          told={() => `Incident ${number} is open again, in a new round of paging.`}
          close={close}
        />
      );
  }
}
