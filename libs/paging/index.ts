/**
 * Paging: who is told of an incident, how, when, and what happens when nobody answers. It promises that a page is sent
 * at least once, under one id however often it is sent; that what is due stands in the database and never in a
 * process's memory; that an acknowledgement cancels every page not yet on the wire in its own transaction; and that
 * nobody reachable means the next step now. Its plan decides; it never looks at what a model said.
 */
export {
  parsePlan,
  defaultPlan,
  planSchema,
  matchSchema,
  severities,
  rankOf,
  type Plan,
  type StampedPlan,
  type Severity,
  type Match,
} from './plan.js';
export {
  whoIsOnCall,
  whoBetween,
  onCall,
  shifts,
  scheduleIssues,
  type OnCall,
  type Shift,
  type WhoAnswer,
  type ScheduleIssue,
} from './schedule.js';
export {
  nextStep,
  beginEscalation,
  severityOf,
  policyOf,
  type Escalation,
  type EscalationState,
  type Step,
} from './escalation.js';
export { matches, type PagedIncident } from './match.js';
export {
  notificationId,
  bundleId,
  type Outcome,
  type NotificationKind,
  type NotificationState,
} from './notification.js';
export { signToken, tokenLifetime, verifyToken, type TokenClaims, type Verified } from './token.js';
export { pagingEntities } from './paging.entity.js';
export { Plans } from './plans.repository.js';
export { Pages, pagerChannel } from './pages.repository.js';
export type { Attempt, ListedNotification } from './notifications.repository.js';
export { Responding, type Acted } from './responding.repository.js';
export { AcknowledgeLinks, type LinkAnswer } from './links.repository.js';
export { acknowledgeUrl, incidentUrl } from './composer.js';
export { Pager, type PagerOptions } from './pager.worker.js';
export { EmailChannel, type MailOptions } from './channels/email.channel.js';
export { HttpChannel } from './channels/webhook.channel.js';
export { Outbound } from './channels/outbound.client.js';
export { signWebhook, verifyWebhook, type SignedHeaders } from './sign-webhook.js';
export { planInForce, stampPlan, type PlanSource } from './plan-in-force.js';
export { Outbox } from './outbox.repository.js';
export { Auditor, type AuditorOptions, type AuditProblem } from './auditor.worker.js';
export { confirmContact } from './contact-checks.repository.js';
export { beat } from './heartbeats.repository.js';
export {
  addOverride,
  addSilence,
  arrangementsAt,
  endSilence,
  removeOverride,
  withOverrides,
  type MadeOverride,
  type NewSilence,
} from './arrangements.repository.js';
export { replyAddress, readReply, type InboundMail, type Reply } from './reply.js';
export { Inbound, type InboundOptions } from './inbound.repository.js';
export { readSlackPress, type SlackPress } from './slack-inlet.js';
export { diffPlans, formatChange, type PlanChange } from './plan-diff.js';
export { calendarOf, overridesOf, type CalendarOverride, type FeedOf } from './calendar.js';
export { importCalendar, makeFeed, readFeed, revokeFeeds } from './calendar-feeds.repository.js';
