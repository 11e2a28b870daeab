/** Everything a person does to an incident: done, told in a notice, and read again. */
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import type { Incident } from './client';
import { wordsOf } from './problem';
import { readAgain } from './reading';

/** `told` says what was done, of the incident afterwards. */
export function useAct<What = void>(
  act: (what: What) => Promise<{ data: Incident }>,
  told: (incident: Incident) => string,
  done?: () => void,
) {
  return useMutation({
    mutationFn: act,
    onSuccess: ({ data }) => {
      notifications.show({ message: told(data), color: 'green' });
      done?.();
    },
    onError: (error) => {
      const { title, advice } = wordsOf(error);
      notifications.show({ title, message: advice, color: 'red', autoClose: 12_000 });
    },
    onSettled: readAgain,
  });
}
