/** A person's judgement of a finding: what precision is made of. */
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { reviewFinding } from './client';
import { wordsOf } from './problem';
import { readAgain } from './reading';

export type Judgement = 'true' | 'false' | 'unsure';

export function useReview(done?: (id: string) => void) {
  return useMutation({
    mutationFn: ({ id, label, reason }: { id: string; label: Judgement; reason?: string }) =>
      reviewFinding({ path: { id }, body: { label, ...(reason && { reason }) } }),
    onSuccess: (_, { id, label }) => {
      notifications.show({ message: `Judged ${label}.`, color: 'green', autoClose: 3_000 });
      done?.(id);
    },
    onError: (error) => {
      const { title, advice } = wordsOf(error);
      notifications.show({ title, message: advice, color: 'red' });
    },
    onSettled: readAgain,
  });
}
