/** Trades the admin token or an API key for a session. */
import { Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { signIn } from './client';
import { sessionQuery } from './queries';
import { Mark } from './mark';
import { wordsOf } from './problem';
import { queryClient } from './reading';

const rememberedName = 'tocsin.name';

export function SignInPage() {
  const { from } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const [token, setToken] = useState('');
  const [name, setName] = useState(() => localStorage.getItem(rememberedName) ?? '');
  useEffect(() => {
    document.title = 'Sign in · Tocsin';
  }, []);
  const signingIn = useMutation({
    mutationFn: () => signIn({ body: { token: token.trim(), ...(name.trim() !== '' && { name: name.trim() }) } }),
    onSuccess: async ({ data }) => {
      localStorage.setItem(rememberedName, name.trim());
      queryClient.setQueryData(sessionQuery.queryKey, data);
      await navigate({ href: from ?? '/incidents', replace: true });
    },
  });
  return (
    <main className="alone">
      <Paper withBorder p="lg" w="100%" maw={420}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            signingIn.mutate();
          }}
        >
          <Stack>
            <Mark />
            <Title order={1}>Sign in</Title>
            <Text c="dimmed" size="sm">
              With the admin token or an API key made by <code>tocsin keys create</code>. It is exchanged for a session
              and kept nowhere in this browser.
            </Text>
            <PasswordInput
              label="Token"
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
              autoComplete="current-password"
              error={signingIn.error ? wordsOf(signingIn.error).title : undefined}
              required
              withAsterisk={false}
              autoFocus
            />
            <TextInput
              label="Your name"
              description="How timelines name you"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              autoComplete="name"
              maxLength={80}
            />
            <Button type="submit" loading={signingIn.isPending} fullWidth>
              Sign in
            </Button>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}
