/** Who used the model, or who reports: `account` of the data. */
import type { Account } from './event.js';
import type { Reader } from './reader.js';

export function readAccount(value: unknown, reader: Reader): Account | undefined {
  const account = reader.object(value, 'account');
  if (account === undefined) return reader.missing(value, 'account.id');
  return {
    id: reader.requiredName(account.id, 'account.id'),
    organization: reader.name(account.organization, 'account.organization'),
    endUser: reader.name(account.end_user, 'account.end_user'),
    audience: reader.name(account.audience, 'account.audience'),
    createdAt: reader.time(account.created_at, 'account.created_at'),
    verifiedAs: readVerified(account.verified_as, reader),
  };
}

function readVerified(value: unknown, reader: Reader): readonly string[] | undefined {
  const list = reader.list(value, 'account.verified_as');
  return list?.map((name) => reader.requiredName(name, 'account.verified_as[]'));
}
