/** A dialog that asks for what an action needs, with a reason, and does it. */
import { Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useAct } from '../act';
import type { Incident } from '../client';

export interface Ask {
  readonly title: string;
  /** The word on the button. */
  readonly verb: string;
  readonly children?: ReactNode;
  readonly reason?: { readonly label: string; readonly required?: boolean };
  readonly ready?: boolean;
  readonly act: (reason: string | undefined) => Promise<{ data: Incident }>;
  readonly told: (incident: Incident) => string;
}

export function ActDialog({
  title,
  verb,
  children,
  reason,
  ready = true,
  act,
  told,
  close,
}: Ask & { close: () => void }) {
  const [why, setWhy] = useState('');
  const acting = useAct(() => act(why.trim() || undefined), told, close);
  return (
    <Modal opened onClose={close} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) acting.mutate();
        }}
      >
        <Stack>
          {children}
          {reason && (
            <Textarea
              label={reason.label}
              value={why}
              onChange={(event) => setWhy(event.currentTarget.value)}
              required={reason.required ?? false}
              withAsterisk={false}
              autosize
              minRows={3}
              maxLength={4_000}
              data-autofocus={children ? undefined : true}
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={acting.isPending} disabled={!ready}>
              {verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
