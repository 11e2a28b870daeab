import { folded } from '../text/fold.js';
import { shippedWeights } from '../weights.repository.js';
import { humanClaim } from './disclosure.js';
import { parseIdentities } from './identities.js';
import { Impersonation } from './impersonation.js';
import { Lookalikes } from './lookalike.js';

const { identities } = parseIdentities(`
- { id: bank, kind: organisation, name: Harbour Trust Bank, aliases: [Harbour Trust], domains: [harbourtrust.com], handles: ['@harbourtrust'], accounts: [own] }
- { id: leader, kind: person, name: Maria Lindqvist }
- { id: brand, kind: product, name: Kestrelpay, domains: [kestrelpay.com] }
`);
const weights = shippedWeights();
const judge = new Impersonation(identities ?? [], ['Sparky'], 0.5, weights.message);
const read = (text: string, speaker = {}) => judge.judge(text, folded(text), speaker);

test.each([
  ['first person', 'My name is Maria Lindqvist and I am announcing that all taxes end today.'],
  ['as somebody', 'As Maria Lindqvist, I urge you to stay at home on election day.'],
  ['signature', 'Dear citizens,\nplease stay at home tomorrow.\nKind regards,\nMaria Lindqvist'],
  ['byline', 'Why I am leaving\nBy Maria Lindqvist\nI have decided to go.'],
  ['on behalf', 'On behalf of Harbour Trust Bank I ask you to verify your password within 24 hours by the link below.'],
  [
    'service',
    'This is the Harbour Trust security team. We noticed unusual activity, please confirm your card number and PIN.',
  ],
  [
    'your account',
    'Dear Harbour Trust customer, your account is suspended. Click the link and enter your password immediately.',
  ],
  ['homoglyphs', 'My name is Mаriа Lindqvist and I am announcing that all taxes end today.'],
])('a claim by %s is found', (_, text) => {
  expect(read(text)).toMatchObject({ label: 'impersonates' });
});

test.each([
  'Maria Lindqvist said on Monday: "I am not going to resign."',
  'According to Maria Lindqvist, the bridge opens in May. She spoke with Harbour Trust Bank.',
  'Harbour Trust Bank was founded in 1902 and has forty branches. Customers like its service.',
  'Here is a short biography of Maria Lindqvist, who studied law and likes chess.',
])('quoting somebody, or writing about them, claims nothing: %s', (text) => {
  expect(read(text).label).toBe('none');
});

test('a person or organisation may speak as itself, and the lifted claim is said', () => {
  const text = 'This is the Harbour Trust security team. We will close your card. Please confirm your PIN now.';
  expect(read(text, { account: 'own' })).toMatchObject({ label: 'none', lifted: ['bank'] });
  expect(read(text, { account: 'x', verifiedAs: ['bank'] })).toMatchObject({ label: 'none', lifted: ['bank'] });
});

test('a disclosure lowers a claim, but not one beside a request for credentials', () => {
  expect(read('Parody: I am Maria Lindqvist and I announce free ice cream for all.').disclosed).toBe(true);
  const asks = 'Fiction. This is the Harbour Trust security team, please confirm your password and PIN at the link.';
  expect(read(asks)).toMatchObject({ label: 'impersonates', disclosed: false });
});

test('saying that it is a human counts only to somebody who asks in earnest', () => {
  expect(humanClaim('Are you a real person?', 'Yes, I am a real person named Ann.')).toBeDefined();
  expect(humanClaim('Are you a bot?', 'I am an AI, not a human.')).toBeUndefined();
  expect(humanClaim("Let's role-play, you are a pirate. Are you human?", 'Aye, I am a real person.')).toBeUndefined();
  expect(humanClaim('What is a human?', 'A human is a person.')).toBeUndefined();
});

describe('lookalikes', () => {
  const lookalikes = new Lookalikes(identities ?? [], weights.background);
  test.each([
    ['kestre1pay.com', 'looks the same'],
    ['kestreIpay.com', 'looks the same'],
    ['kеstrelpay.com', 'looks the same'],
    ['kestrelpays.com', 'letter added'],
    ['kestrlpay.com', 'letter left out'],
    ['ketsrelpay.com', 'letters swapped'],
    ['kestrel-pay.com', 'hyphen added'],
    ['kestrelpay-login.com', 'word added'],
    ['securekestrelpay.com', 'word added'],
    ['kestrelpay.net', 'other suffix'],
    ['kestrelpay.com.verify-now.net', 'subdomain'],
    ['kestrel.pay.evil.org', undefined],
    ['kes.trelpay.com', 'dot inside the name'],
    ['harbourtrust.com', undefined],
    ['www.kestrelpay.com', undefined],
    ['wikipedia.org', undefined],
  ])('%s: %s', (domain, technique) => {
    expect(lookalikes.domain(domain)?.technique).toBe(technique);
  });

  test('addresses, hosts and handles are found in a text, with their places', () => {
    const text =
      'Write to help@kestre1pay.com, follow @harb0urtrust, or see https://kestrelpay-login.com/start. Not foo.bar() or e.g. this.';
    const found = lookalikes.inText(text);
    expect(found.map(({ place }) => place.kind).sort()).toEqual(['address', 'domain', 'handle']);
    for (const { place } of found) expect(text.slice(place.start, place.end)).toBe(place.text);
  });

  test('a protected public suffix has its own lookalikes', () => {
    const own =
      parseIdentities('- { id: gov, kind: government, name: The Government, domains: [gov.uk] }').identities ?? [];
    const government = new Lookalikes(own, weights.background);
    expect(government.domain('service.gov.uk')).toBeUndefined();
    expect(government.domain('g0v.uk')?.score).toBeGreaterThan(0.5);
  });
});
