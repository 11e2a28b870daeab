/** Reads a list on. */
import { Button, Group } from '@mantine/core';

export function More({ more, readingMore }: { more?: (() => void) | undefined; readingMore: boolean }) {
  if (!more) return null;
  return (
    <Group justify="center" py="sm">
      <Button variant="default" size="xs" onClick={more} loading={readingMore}>
        Load more
      </Button>
    </Group>
  );
}
