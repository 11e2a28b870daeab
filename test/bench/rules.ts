/**
 * Synthetic rules and events for measuring the rule engine: operator rules as people write them for model outputs, and
 * operating-system rules in the proportions of public repositories. Seeded: the same bytes each time.
 */
import type { RuleFile } from '../../libs/detection/sigma/index.js';

/** A small generator of even numbers, 0 to 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// prettier-ignore
const syllables = ['ba', 'cor', 'den', 'fi', 'gul', 'hem', 'jo', 'kra', 'lin', 'mo', 'net', 'op', 'pra', 'qui', 'res', 'sun', 'tor', 'ul', 'ver', 'win', 'xen', 'yor', 'zet'];

export const ordinaryWords =
  'the of and to a in is that for it as was with be by on not he his but at are this have from or one had they you were all her she there would their we him been has when who will no more if out so said what up its about into than them can only other new some could time these two may then do first any my now such like our over man me even most made after also did many before must through back years where much your way well down should because each just those people how too little state good very make world still own see men work long get here between both life being under never day same another know while last might us great old year off come since against go came right used take three'.split(
    ' ',
  );

/** Ordinary prose of about `length` characters, of common words and some of its own. */
export function prose(random: () => number, length: number): string {
  let text = '';
  while (text.length < length) {
    const word =
      random() < 0.8
        ? ordinaryWords[Math.floor(random() * ordinaryWords.length)]!
        : Array.from({ length: 2 + Math.floor(random() * 3) }, () => pick(random, syllables)).join('');
    text += (text ? ' ' : '') + (random() < 0.08 ? word[0]!.toUpperCase() + word.slice(1) : word);
    if (random() < 0.07) text += '.';
  }
  return text.slice(0, length);
}

export function pick<T>(random: () => number, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

/** 20 operator rules: phrases, alternations, bounded gaps. */
export const operatorRules: RuleFile[] = [
  [
    'confirm.{0,60}(password|passcode|pin code)',
    'verify your account',
    '(urgent|immediately|within 24 hours).{0,80}(suspend|terminate)',
  ],
  [
    '(wire|transfer|send).{0,40}(bitcoin|gift cards?|western union)',
    'act now before it is too late',
    'keep this between us',
  ],
  [
    '(polling (place|station)s?|voting).{0,60}(has moved|is closed|postponed)',
    'vote by text message',
    'ballots? (will|are) .{0,30}(destroyed|discarded)',
  ],
  [
    'i am a (real|human) (person|being)',
    '(this is|i am) (your )?(grandson|granddaughter).{0,80}(bail|jail|accident)',
    'do not tell (mom|dad|anyone)',
  ],
  [
    '(five|5)[ -]stars?.{0,60}(review|rating)s?',
    'write (\\w+ ){0,3}(fake|positive) reviews',
    'as a verified (buyer|customer)',
  ],
  [
    'official (statement|notice) (of|from) the (ministry|government|bank)',
    '(irs|tax office|revenue service).{0,60}(refund|arrest|penalty)',
    'click the (link|button) below',
  ],
  ['dear (valued )?(customer|client|user)', 'your (mailbox|account|card) (has been|is) (locked|limited|suspended)'],
].flatMap((patterns, file) => patterns.map((pattern, index) => operatorRule(`op-${file}-${index}`, pattern)));

function operatorRule(id: string, pattern: string): RuleFile {
  const regex = /[.*+?|()[\]\\]/.test(pattern);
  const line = regex ? `output.text|re|i: '${pattern}'` : `output.text|contains: '${pattern}'`;
  return {
    path: `${id}.yml`,
    text: `title: ${id}\nid: ${id}\nlogsource: { product: tocsin, category: output }\ndetection:\n  selection:\n    ${line}\n  condition: selection\nlevel: low\n`,
  };
}

// prettier-ignore
const programs = ['powershell', 'cmd', 'rundll32', 'regsvr32', 'mshta', 'wscript', 'cscript', 'certutil', 'bitsadmin', 'schtasks', 'net', 'reg', 'sc', 'wmic', 'msiexec'];
// prettier-ignore
const switches = ['-enc', '-nop', '/create', '/delete', '-urlcache', '/transfer', ' add ', ' query ', '-w hidden', 'iex', 'http://', '\\\\temp\\\\', '.ps1', 'javascript:', 'downloadstring'];

function ownWord(random: () => number): string {
  return Array.from({ length: 3 + Math.floor(random() * 3) }, () => pick(random, syllables)).join('');
}

/** Rules as public repositories have them: a program, parts of its command line, filters; a tenth each of other kinds. */
export function systemRules(count: number, seed = 7): RuleFile[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, index) => {
    const kind = random();
    const program = random() < 0.6 ? pick(random, programs) : ownWord(random);
    const list = (size: number, make: () => string) =>
      Array.from({ length: size }, () => `            - '${make()}'`).join('\n');
    const part = () =>
      random() < 0.35 ? pick(random, switches) : ` ${ownWord(random)}${random() < 0.3 ? '.exe' : ''} `;
    let detection: string;
    if (kind < 0.55) {
      detection = [
        `    selection_img:\n        - Image|endswith: '\\${program}.exe'\n        - OriginalFileName: '${program}.exe'`,
        `    selection_cli:\n        CommandLine|contains${random() < 0.3 ? '|all' : ''}:\n${list(2 + Math.floor(random() * 8), part)}`,
        `    filter_main_one:\n        ParentImage: 'C:\\Program Files\\${ownWord(random)}\\${ownWord(random)}.exe'`,
        '    condition: all of selection_* and not 1 of filter_main_*',
      ].join('\n');
    } else if (kind < 0.7) {
      detection = `    selection:\n        TargetObject|contains: '\\${ownWord(random)}\\${ownWord(random)}'\n        Details|startswith: '${ownWord(random)}'\n    condition: selection`;
    } else if (kind < 0.8) {
      detection = `    selection:\n        EventID: ${4000 + Math.floor(random() * 1200)}\n        Provider_Name: '${ownWord(random)}'\n    filter:\n        SubjectUserName|endswith: '$'\n    condition: selection and not filter`;
    } else if (kind < 0.9) {
      detection = `    selection:\n        TargetFilename|endswith:\n${list(3 + Math.floor(random() * 12), () => `\\${ownWord(random)}.dll`)}\n    condition: selection`;
    } else if (kind < 0.95) {
      detection = `    selection:\n        CommandLine|re: '${ownWord(random)}\\s+.{0,40}(${ownWord(random)}|${ownWord(random)})'\n    condition: selection`;
    } else {
      detection = `    selection:\n        eventName: ${ownWord(random)}\n        requestParameters.${ownWord(random)}: '*'\n    condition: selection`;
    }
    const text = `title: System rule ${index}\nid: system-${index}\nstatus: test\ndescription: |\n    ${prose(random, 160)}\nreferences:\n    - https://example.org/${ownWord(random)}/${ownWord(random)}\ntags:\n    - attack.execution\nlogsource:\n    category: process_creation\n    product: windows\ndetection:\n${detection}\nfalsepositives:\n    - Unknown\nlevel: medium\n`;
    return { path: `system/${index}.yml`, text };
  });
}

/** Flat events of about 1 KB with the fields of process creation. */
export function systemEvents(count: number, seed = 11): Record<string, unknown>[] {
  const random = seeded(seed);
  const path = () => `C:\\Windows\\System32\\${random() < 0.3 ? pick(random, programs) : ownWord(random)}.exe`;
  return Array.from({ length: count }, (_, index) => ({
    EventID: 1,
    Provider_Name: 'Microsoft-Windows-Sysmon',
    Channel: 'Microsoft-Windows-Sysmon/Operational',
    Computer: `host-${Math.floor(random() * 500)}.example.org`,
    UtcTime: `2026-11-${String(1 + (index % 28)).padStart(2, '0')} 10:00:00.000`,
    ProcessGuid: `{${ownWord(random)}-${ownWord(random)}}`,
    ProcessId: String(Math.floor(random() * 60000)),
    Image: path(),
    FileVersion: '10.0.19041.1',
    Description: prose(random, 40),
    Product: 'Microsoft Windows Operating System',
    Company: 'Microsoft Corporation',
    OriginalFileName: `${ownWord(random)}.exe`,
    CommandLine: `"${path()}" ${Array.from({ length: 8 }, () => (random() < 0.2 ? pick(random, switches) : ownWord(random))).join(' ')}`,
    CurrentDirectory: 'C:\\Windows\\System32\\',
    User: `DOMAIN\\${ownWord(random)}`,
    LogonId: `0x${Math.floor(random() * 1e6).toString(16)}`,
    IntegrityLevel: 'Medium',
    Hashes: `SHA1=${ownWord(random)}${ownWord(random)},MD5=${ownWord(random)}`,
    ParentImage: path(),
    ParentCommandLine: `${path()} ${ownWord(random)} ${prose(random, 60)}`,
    ParentUser: 'NT AUTHORITY\\SYSTEM',
  }));
}
