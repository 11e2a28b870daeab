/** What stands around every page: where one can go, whether what is shown is live, and who is signed in. */
import { AppShell, Box, Burger, Group, Menu, NavLink, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { Help } from './help';
import { useKeys } from './keys';
import { type Liveness, useLive } from './live';
import { Mark } from './mark';
import { isSignedOut } from './problem';
import { leave, useSession } from './session';
import { Failed, Loading } from './states';

const places = [
  { to: '/incidents', label: 'Incidents' },
  { to: '/overview', label: 'Overview' },
  { to: '/on-call', label: 'On call' },
  { to: '/reviews', label: 'Reviews' },
  { to: '/thresholds', label: 'Thresholds' },
  { to: '/reports', label: 'Reports' },
] as const;

/** Asks who is there first: without a session nothing else is read. */
export function Shell() {
  const session = useSession();
  const navigate = useNavigate();
  const signedOut = isSignedOut(session.error);
  useEffect(() => {
    const { pathname, search } = window.location;
    if (signedOut) void navigate({ to: '/sign-in', search: { from: pathname + search }, replace: true });
  }, [signedOut, navigate]);
  if (signedOut) return null;
  if (session.data) return <SignedIn who={session.data.who} />;
  return (
    <main className="alone">
      <Box w="100%" maw={520}>
        {session.error ? (
          <Failed error={session.error} again={() => void session.refetch()} />
        ) : (
          <Loading what="who is signed in" rows={3} />
        )}
      </Box>
    </main>
  );
}

function SignedIn({ who }: { who: string }) {
  const liveness = useLive();
  const [menu, { toggle, close }] = useDisclosure();
  const [help, helping] = useDisclosure();
  const { pathname } = useLocation();
  useKeys({ '?': helping.open });
  useEffect(close, [pathname, close]);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 176, breakpoint: 'sm', collapsed: { mobile: !menu } }}
      padding={{ base: 'sm', sm: 'md' }}
    >
      <a href="#main" className="skip">
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px={{ base: 'sm', sm: 'md' }} justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={menu} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" aria-expanded={menu} />
            <Mark />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <LiveWord liveness={liveness} />
            <Menu position="bottom-end">
              <Menu.Target>
                <UnstyledButton className="who" aria-label={`Signed in as ${who}: menu`}>
                  {who}
                </UnstyledButton>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={helping.open} rightSection={<kbd>?</kbd>}>
                  Keys and help
                </Menu.Item>
                <Menu.Item onClick={() => void leave().finally(() => window.location.assign('/sign-in'))}>
                  Sign out
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        {places.map(({ to, label }) => (
          <NavLink
            key={to}
            label={label}
            active={pathname.startsWith(to)}
            renderRoot={(props) => (
              <Link to={to} {...props} aria-current={pathname.startsWith(to) ? 'page' : undefined} onClick={close} />
            )}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="main">
        <Outlet />
      </AppShell.Main>
      <Help opened={help} close={helping.close} />
    </AppShell>
  );
}

const liveWords: Readonly<Record<Liveness, { word: string; meaning: string }>> = {
  connecting: { word: 'Connecting', meaning: 'Asking the API for live updates' },
  live: { word: 'Live', meaning: 'This page changes by itself within seconds' },
  reconnecting: { word: 'Reconnecting', meaning: 'The API cannot be reached; what you see may be old' },
};

function LiveWord({ liveness }: { liveness: Liveness }) {
  const { word, meaning } = liveWords[liveness];
  return (
    <Text size="sm" component="span" role="status" title={meaning} className={`live live-${liveness}`}>
      {word}
    </Text>
  );
}
