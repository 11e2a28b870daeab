/** The frame of each page: its title in the tab, and in a heading that takes the focus after navigation. */
import { Group, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';

let visited = false;

export interface PageParts {
  readonly title: string;
  /** Shown instead of the title where it needs more than text. */
  readonly heading?: ReactNode;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, heading = title, aside, children }: PageParts) {
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Tocsin`;
  }, [title]);
  useEffect(() => {
    // The first page keeps the browser's own focus; later ones are announced.
    if (visited) top.current?.focus({ preventScroll: true });
    visited = true;
  }, []);
  return (
    <>
      <Group justify="space-between" align="center" mb="sm" gap="xs">
        <Title order={1} ref={top} tabIndex={-1} className="page-title">
          {heading}
        </Title>
        {aside}
      </Group>
      {children}
    </>
  );
}
