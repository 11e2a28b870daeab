/** The keys, in a dialog; single-key shortcuts can be switched off there. */
import { Kbd, Modal, Switch, Table } from '@mantine/core';
import { useState } from 'react';
import { keysAreOn, switchKeys } from './keys';

const keys = [
  ['J', 'next incident, finding'],
  ['K', 'the one before'],
  ['Enter', 'open it'],
  ['A', 'acknowledge it'],
  ['R', 'resolve it'],
  ['N', 'write a note (on an incident’s page)'],
  ['/', 'search among what is loaded'],
  ['T, F, U', 'on Reviews: true, false, unsure'],
  ['?', 'this help'],
] as const;

export function Help({ opened, close }: { opened: boolean; close: () => void }) {
  const [on, setOn] = useState(keysAreOn);
  return (
    <Modal opened={opened} onClose={close} title="Keys" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Table>
        <Table.Tbody>
          {keys.map(([key, meaning]) => (
            <Table.Tr key={key}>
              <Table.Td w={110}>
                {key.split(', ').map((one) => (
                  <Kbd key={one} mr={4}>
                    {one}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{meaning}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Switch
        mt="md"
        label="Single-key shortcuts"
        checked={on}
        onChange={(event) => {
          switchKeys(event.currentTarget.checked);
          setOn(event.currentTarget.checked);
        }}
      />
    </Modal>
  );
}
