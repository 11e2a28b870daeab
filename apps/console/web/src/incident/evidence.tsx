/** The redacted records behind an incident. Looking is an act with a reason, and the timeline says so. */
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type EvidenceList, revealEvidence } from '../client';
import { Moment } from '../moment';
import { wordsOf } from '../problem';
import { readAgain } from '../reading';
import { Empty } from '../states';

export function Evidence({ id }: { id: string }) {
  const [reason, setReason] = useState('');
  const revealing = useMutation({
    mutationFn: async () => (await revealEvidence({ path: { id }, body: { reason: reason.trim() } })).data,
    onSettled: readAgain,
  });
  if (revealing.data) return <Records records={revealing.data.items} hide={revealing.reset} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        revealing.mutate();
      }}
    >
      <Text size="sm" c="dimmed" mb="xs">
        Prompts and outputs were copied and redacted when the incident opened. Who looks, and why, goes into the
        timeline.
      </Text>
      <Group align="flex-end" gap="xs">
        <TextInput
          className="grow"
          label="Why do you need to see them?"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={revealing.error ? wordsOf(revealing.error).title : undefined}
          required
          withAsterisk={false}
          minLength={3}
          maxLength={1_000}
        />
        <Button type="submit" variant="default" loading={revealing.isPending}>
          Show the evidence
        </Button>
      </Group>
    </form>
  );
}

const stateWords: Readonly<Record<string, string>> = {
  due: 'It is still being copied from the log: look again in a minute.',
  gone: 'The log no longer held the record when it was to be copied.',
  failed: 'The record could not be copied.',
};

function Records({ records, hide }: { records: EvidenceList['items']; hide: () => void }) {
  if (records.length === 0) {
    return <Empty title="Nothing was copied.">The output index is off, or the source’s records may not be kept.</Empty>;
  }
  return (
    <Stack gap="md">
      {records.map((record) => (
        <article key={`${record.event.source} ${record.event.id}`}>
          <Text size="xs" c="dimmed" className="wrap">
            {record.event.source} {record.event.id} · <Moment at={record.at} short />
          </Text>
          {record.prompt !== undefined && (
            <>
              <Text size="sm" fw={600} mt={4}>
                Prompt
              </Text>
              <pre className="record">{record.prompt}</pre>
            </>
          )}
          {record.output !== undefined && (
            <>
              <Text size="sm" fw={600} mt={4}>
                Output
              </Text>
              <pre className="record">{record.output}</pre>
            </>
          )}
          {record.output === undefined && record.prompt === undefined && (
            <Text size="sm">{stateWords[record.state] ?? `No text is kept: ${record.state}.`}</Text>
          )}
        </article>
      ))}
      <Group>
        <Button variant="default" size="xs" onClick={hide}>
          Hide
        </Button>
      </Group>
    </Stack>
  );
}
