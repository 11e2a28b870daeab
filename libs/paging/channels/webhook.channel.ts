/** The signed webhook (Standard Webhooks), Slack, PagerDuty and the generic template: all that goes over HTTP. */
import type { Contact } from '../plan.js';
import { signWebhook } from '../sign-webhook.js';
import type { Channel, Delivery, Sent } from './channel.js';
import type { Outbound, OutboundRequest } from './outbound.client.js';
import { bodyOf, filled, pagerDutyOf, slackOf } from './payload.js';

export class HttpChannel implements Channel {
  /** `secretsOf` reads the environment variable that a contact names. */
  constructor(
    private readonly outbound: Outbound,
    private readonly secretsOf: (variable: string) => readonly string[],
  ) {}

  async send(delivery: Delivery, signal: AbortSignal): Promise<Sent> {
    const request = this.request(delivery);
    return typeof request === 'string' ? { outcome: 'refused', reason: request } : this.outbound.send(request, signal);
  }

  close(): Promise<void> {
    return this.outbound.close();
  }

  private request({ notice, message, contact }: Delivery): OutboundRequest | string {
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Tocsin',
      'idempotency-key': notice.id,
      ...(notice.possibleDuplicate && { 'tocsin-possible-duplicate': 'true' }),
    };
    switch (contact.channel) {
      case 'webhook': {
        const secrets = this.secrets(contact);
        if (secrets.length === 0) return 'no_secret';
        const body = JSON.stringify(bodyOf(notice, message));
        return {
          method: 'POST',
          url: contact.url,
          headers: { ...headers, ...signWebhook(notice.id, Date.now(), body, secrets) },
          body,
        };
      }
      case 'slack':
        return { method: 'POST', url: contact.url, headers, body: JSON.stringify(slackOf(notice, message)) };
      case 'pagerduty': {
        const key =
          contact.routing_key ?? (contact.routing_key_env ? this.secretsOf(contact.routing_key_env)[0] : undefined);
        if (key === undefined) return 'no_routing_key';
        return { method: 'POST', url: contact.url, headers, body: JSON.stringify(pagerDutyOf(notice, message, key)) };
      }
      case 'http': {
        const values = { 'content-type': contact.content_type, ...contact.headers };
        return {
          method: contact.method,
          url: contact.url,
          headers: { ...headers, ...values },
          body: filled(contact.body, notice, message),
        };
      }
      case 'email':
        return 'wrong_channel';
    }
  }

  private secrets(contact: Extract<Contact, { channel: 'webhook' }>): readonly string[] {
    return contact.secrets ?? (contact.secrets_env ? this.secretsOf(contact.secrets_env) : []);
  }
}
