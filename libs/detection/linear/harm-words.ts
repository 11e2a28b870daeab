/**
 * Words that requests for harm are made of, by kind. They know what no training folder shows often enough; alone they
 * judge nothing ("kill a process"), the model weighs them beside all other words.
 */

import { hashOf } from '../text/terms.js';
import type { FeatureBuffer } from './features.js';

const kinds: Readonly<Record<string, string>> = {
  violence:
    'burn knock punch slap shock harm damage destroy destroying ruin annoy panic fear dangerous deadly revenge leg hurting kidnap kidnapping hostage attacking sabotage poisoned drown choke suffocate killing murder murdering assassinate assassination attack massacre torture torturing stab strangle behead maim mutilate slaughter hitman homicide lynch beat assault assaulting violence violent hurt injure arson ambush execute execution bloodshed',
  weapons:
    'bomb bombs bombing explosive explosives grenade dynamite detonate detonator weapon weapons gun guns firearm firearms silencer ammunition napalm molotov shotgun rifle landmine nuclear dirty bioweapon nerve anthrax ricin sarin chemical',
  intrusion:
    'hack hacking hacker hackers malware ransomware virus trojan keylogger spyware botnet ddos exploit exploits backdoor rootkit worm phishing breach crack cracking password passwords wifi firewall infiltrate sabotage brute-force sql injection payload jailbreak credentials compromise',
  fraud:
    'exam cheating taxes claim plagiarize plagiarizing rig rigging illegally scams scamming scheme fraud fraudulent defraud ponzi pyramid swindle swindling embezzle embezzling launder laundering insider trading bribe bribery bribing counterfeit money-laundering evade evasion tax 419 nigerian lottery cheat trick tricks tricking deceive deceiving fake faking extort extortion blackmail blackmailing ransom manipulate manipulating steal stealing',
  forgery:
    'forge forged forging forgery fake identity identities impersonate impersonating impersonation passport passports id license documents cheque checks counterfeit signature plagiarize',
  drugs:
    'drug drugs cocaine heroin meth methamphetamine fentanyl lsd ecstasy opioid overdose crack smuggle smuggling traffick trafficking cartel dealer narcotics ghb psilocybin dmt mdma steroids',
  theft:
    'stole stolen shoplifting robbing wallet sneak sneaking hotwire porch break-ins bug bugging hook stealing rob robbing robbery burglar burglary burglarize shoplift shoplifting theft thief lockpick pickpocket carjack hotwire hijack hijacking heist loot looting pirate piracy break-in',
  sexual:
    'porn porno pornography pornographic sexual sex sexually nude nudes rape erotic incest fetish prostitution escort orgy explicit obscene',
  hate: 'racist racism sexist sexism misogynist misogyny antisemitic homophobic transphobic xenophobic slur slurs hate hateful hatred bigot bigoted inferior superior supremacist supremacy nazi hitler holocaust genocide ethnic jews muslims immigrants women blacks stereotype stereotypes discriminate discriminating discriminatory dehumanize',
  harassment:
    'harass harassing harassment bully bullying cyberbully cyberbullying stalk stalking stalker dox doxx doxxing revenge humiliate humiliating defame defamatory defamation slander threaten threatening threat intimidate intimidating shame insult body-shaming troll',
  selfharm: 'suicide suicidal self-harm cut cutting anorexia anorexic bulimia starve overdose hang hanging die dying',
  deceit:
    'disinformation misinformation misinform hoax conspiracy conspiracies propaganda fake false falsely mislead misleading rumor rumors rumour fabricate fabricated fabricating rigged flat-earth debunked deny denying denial incite inciting polarize lies lie undermine manipulate',
  privacy:
    'spy spying surveil track tracking secretly without-consent leak leaked private personal confidential address ssn wiretap eavesdrop snoop',
  evasion:
    'realising realizing noticing knowing blame accident away secretly jail trouble permission consent pretend untraced stealthily quietly hide hiding untraceable caught detection bypass circumvent evade evading avoid without-getting loophole cover-up conceal illegally illegal illicit unlawful unlawfully crime crimes criminal unethical dark anonymous anonymously disguise unnoticed',
  terror:
    'terrorist terrorism terror extremist extremism radicalize radicalizing isis jihad militia insurrection overthrow riot riots recruit recruiting cult',
  poison:
    'poison poisoning poisonous toxic cyanide arsenic bleach drug spike spiking contaminate contaminating dump dumping waste',
  minors:
    'child children minor minors underage teen teenager teenagers kid kids kidnap kidnapping groom grooming abuse abusing abduct trafficking',
  gambling: 'gambling gamble addictive addiction addict',
};

const names = Object.keys(kinds);
const kindsOf = new Map<number, number[]>();
names.forEach((name, kind) => {
  for (const word of (kinds[name] ?? '').split(' ')) {
    const hash = hashOf(word);
    kindsOf.set(hash, [...(kindsOf.get(hash) ?? []), kind]);
  }
});

export const harmKinds = names.length;
const counts = new Uint8Array(harmKinds);
const seen = new Set<number>();

/** Distinct harm words of each kind in the first `length` characters; valid until the next call. */
export function harmCounts(text: string, length: number): Uint8Array {
  counts.fill(0);
  seen.clear();
  let hash = hashOf('');
  let letters = 0;
  const end = Math.min(text.length, length);
  for (let i = 0; i <= end; i++) {
    let code = i < end ? text.charCodeAt(i) : 32;
    if (code >= 65 && code <= 90) code |= 32;
    if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code === 45 && letters > 0)) {
      hash = Math.imul(hash ^ code, 0x01000193);
      letters++;
      continue;
    }
    if (letters > 1) {
      const found = kindsOf.get(hash | 0);
      if (found && !seen.has(hash)) {
        seen.add(hash);
        for (const kind of found) counts[kind] = Math.min(255, counts[kind]! + 1);
      }
    }
    hash = hashOf('');
    letters = 0;
  }
  return counts;
}

/** Adds the counts as features named from `at` on, each at most `weight`. */
export function addHarm(buffer: FeatureBuffer, at: number, text: string, length: number, weight: number): void {
  harmCounts(text, length);
  let kindsMet = 0;
  let total = 0;
  counts.forEach((count, kind) => {
    if (count === 0) return;
    kindsMet++;
    total += count;
    buffer.addDense(at + kind, (Math.min(2, count) / 2) * weight);
  });
  if (kindsMet === 0) return;
  buffer.addDense(at + 50, weight);
  buffer.addDense(at + 51, Math.min(1, kindsMet / 3) * weight);
  buffer.addDense(at + 52, Math.min(1, total / 6) * weight);
}

/** At least three harm words: an output without a prompt is read further only then. */
export function mayBeHarmful(text: string, length: number): boolean {
  let total = 0;
  for (const count of harmCounts(text, length)) total += count;
  return total >= 3;
}
