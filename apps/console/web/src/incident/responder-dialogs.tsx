/** Brings in somebody of the plan: one more person, or other people from the start. */
import { Checkbox, Loader, NativeSelect, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { addResponder, type Incident, reassignIncident } from '../client';
import { wordsOf } from '../problem';
import { onCallQuery } from '../queries';
import { ActDialog } from './act-dialog';

interface DialogParts {
  readonly incident: Incident;
  readonly close: () => void;
}

export function AddResponderDialog({ incident: { id, number }, close }: DialogParts) {
  const { people, waiting } = usePeople();
  const [chosen, choose] = useState('');
  const responder = chosen || (people[0]?.value ?? '');
  return (
    <ActDialog
      title={`Add a responder to incident ${number}`}
      verb="Tell them now"
      ready={responder !== ''}
      reason={{ label: 'Reason' }}
      act={(reason) => addResponder({ path: { id }, body: { responder, reason } })}
      told={() => `${responder} is being told.`}
      close={close}
    >
      {waiting ?? (
        <NativeSelect
          label="Responder"
          data={people}
          value={responder}
          onChange={(event) => choose(event.currentTarget.value)}
          data-autofocus
        />
      )}
    </ActDialog>
  );
}

export function ReassignDialog({ incident: { id, number }, close }: DialogParts) {
  const { people, waiting } = usePeople();
  const [responders, choose] = useState<string[]>([]);
  return (
    <ActDialog
      title={`Reassign incident ${number}`}
      verb="Reassign"
      ready={responders.length > 0}
      reason={{ label: 'Reason' }}
      act={(reason) => reassignIncident({ path: { id }, body: { responders, reason } })}
      told={() => `A new round of incident ${number} begins with ${responders.join(', ')}.`}
      close={close}
    >
      {waiting ?? (
        <Checkbox.Group label="Who shall have it" value={responders} onChange={choose}>
          <Stack gap={6} mt={6}>
            {people.map(({ value, label }) => (
              <Checkbox key={value} value={value} label={label} />
            ))}
          </Stack>
        </Checkbox.Group>
      )}
    </ActDialog>
  );
}

function usePeople() {
  const { data, error } = useQuery(onCallQuery);
  const people = (data?.responders ?? []).map(({ id, name }) => ({
    value: id,
    label: name === undefined || name === id ? id : `${name} (${id})`,
  }));
  const waiting = data ? undefined : error ? (
    <Text size="sm">{wordsOf(error).title}</Text>
  ) : (
    <Loader size="sm" aria-label="Reading the plan’s responders" />
  );
  return { people, waiting };
}
