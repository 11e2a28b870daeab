/** Single-key shortcuts. They rest while somebody types or a dialog is open, and can be switched off (WCAG 2.1.4). */
import { useEffect, useEffectEvent } from 'react';

const setting = 'tocsin.keys';

export function keysAreOn(): boolean {
  return localStorage.getItem(setting) !== 'off';
}

export function switchKeys(on: boolean): void {
  if (on) localStorage.removeItem(setting);
  else localStorage.setItem(setting, 'off');
}

/** `actions` by key, as KeyboardEvent names it, in lower case. */
export function useKeys(actions: Readonly<Record<string, () => void>>): void {
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector('[role="dialog"], [role="menu"]')) return;
    if (!keysAreOn()) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed(event);
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable="true"]') !== null;
}
