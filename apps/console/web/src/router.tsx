/** Every address of the console. What a page shows is in its address, so each can be sent to a colleague. */
import { Anchor, Text } from '@mantine/core';
import { createRootRoute, createRoute, createRouter, Link, Outlet, redirect } from '@tanstack/react-router';
import { IncidentPage } from './incident/incident-page';
import { searchOf } from './incidents/filter';
import { IncidentsPage } from './incidents/incidents-page';
import { OnCallPage } from './on-call-page';
import { OverviewPage } from './overview/overview-page';
import { Page } from './page';
import { ReportsPage } from './reports-page';
import { ReviewsPage } from './reviews-page';
import { Shell } from './shell';
import { SignInPage } from './sign-in-page';
import { Empty } from './states';
import { ThresholdsPage } from './thresholds-page';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignInPage,
  validateSearch: ({ from }): { from?: string } => (isOwnPath(from) ? { from } : {}),
});

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/incidents' });
  },
});

const incidents = createRoute({
  getParentRoute: () => shell,
  path: '/incidents',
  validateSearch: searchOf,
  component: IncidentsPage,
});
const incident = createRoute({ getParentRoute: () => shell, path: '/incidents/$id', component: IncidentPage });
const overview = createRoute({ getParentRoute: () => shell, path: '/overview', component: OverviewPage });
const onCall = createRoute({ getParentRoute: () => shell, path: '/on-call', component: OnCallPage });
const reviews = createRoute({ getParentRoute: () => shell, path: '/reviews', component: ReviewsPage });
const thresholds = createRoute({ getParentRoute: () => shell, path: '/thresholds', component: ThresholdsPage });
const reports = createRoute({
  getParentRoute: () => shell,
  path: '/reports',
  component: ReportsPage,
  validateSearch: ({ report }): { report?: string } => (typeof report === 'string' ? { report } : {}),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    signIn,
    shell.addChildren([incidents, incident, overview, onCall, reviews, thresholds, reports]),
  ]),
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

/** A page of ours to come back to after signing in; an address elsewhere is not. */
function isOwnPath(path: unknown): path is string {
  return typeof path === 'string' && /^\/(?![/\\])/.test(path);
}

function NotFound() {
  return (
    <main className="alone">
      <Page title="No such page">
        <Empty title="There is nothing at this address.">
          <Text>
            Go to the <Anchor renderRoot={(props) => <Link to="/incidents" {...props} />}>list of incidents</Anchor>.
          </Text>
        </Empty>
      </Page>
    </main>
  );
}
