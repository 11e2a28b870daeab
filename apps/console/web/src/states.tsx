/** Nothing there, not there yet, and gone wrong: each says in words what is so and what to do. */
import { Alert, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { wordsOf } from './problem';

export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap={4} align="center" py="xl" px="md" ta="center" className="empty">
      <Text fw={600}>{title}</Text>
      <Text c="dimmed" maw="34rem" component="div">
        {children}
      </Text>
    </Stack>
  );
}

export function Loading({ what, rows = 6, height = 34 }: { what: string; rows?: number; height?: number }) {
  return (
    <Stack gap="xs" role="status" aria-label={`Reading ${what}`}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} />
      ))}
    </Stack>
  );
}

/** `older`: what is on screen is still the last good answer. */
export function Failed({ error, again, older = false }: { error: unknown; again: () => void; older?: boolean }) {
  const { title, advice } = wordsOf(error);
  return (
    <Alert
      color="red"
      variant="outline"
      role="alert"
      title={
        <Title order={2} size="h5">
          {title}
        </Title>
      }
      my="sm"
    >
      <Text size="sm">
        {older && 'What you see was read before. '}
        {advice}
      </Text>
      <Group mt="sm">
        <Button size="xs" variant="default" onClick={again}>
          Try again now
        </Button>
      </Group>
    </Alert>
  );
}

interface Reading<Data> {
  readonly data: Data | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

/** The three states of one reading; `children` gets the data. */
export function Read<Data>({
  reading,
  what,
  rows,
  children,
}: {
  reading: Reading<Data>;
  what: string;
  rows?: number;
  children: (data: Data) => ReactNode;
}) {
  const { data, error, refetch } = reading;
  const again = () => void refetch();
  if (data === undefined) return error ? <Failed error={error} again={again} /> : <Loading what={what} rows={rows} />;
  return (
    <>
      {error ? <Failed error={error} again={again} older /> : null}
      {children(data)}
    </>
  );
}
