// Phrases that the texts of this project do not use, each with what to write instead. A floor, not the aim: a text without
// any of them can still be hard to read.

/** @type {{ phrase: RegExp, instead: string }[]} */
export const phrases = [
  {
    phrase: /\b(tells?|telling|told)\b(?! (\w+ )?apart)/i,
    instead: 'report, notify, log, print, show; "default" for "unless told"',
  },
  { phrase: /\b(hears?|heard|hearing)\b/i, instead: 'receive, subscribe to; "no reply"' },
  {
    phrase: /\b(is|are|was|were|be|been) said\b|\bsays? (so|nothing)\b|\bsaid (so|nothing)\b/i,
    instead: 'is reported, is logged; does not answer',
  },
  {
    phrase: /\b(whoever|nobody|somebody|everybody)\b/i,
    instead: 'name the subject: callers, users, nodes, "no node", "all nodes", "anyone who"',
  },
  {
    phrase: /(?:^|[.:;] )Who (?!(is|are|was|may|can|has|does|did|runs|restarted)\b[^.]*\?)/,
    instead: '"Anyone who", "A caller that", or "If …"',
  },
  {
    phrase: /(?<!\bthere )\b(is|are|was|were) no (?!(longer|more|less|later|different)\b)\w+/i,
    instead: '"is not a"',
  },
  { phrase: /\bof (its|their|his|her|our|your|my) own\b/i, instead: '"its own X", "a separate X"' },
  {
    phrase: /\b(is|are|was|were) (not )?there\b(?! (a|an|no|any|is|are)\b)/i,
    instead: 'exists, is running, is online, "does not exist"',
  },
  {
    phrase: /\bso (many|long|much|few|often)\b(?! (as|that)\b)/i,
    instead: '"this many", "this long", or the number',
  },
  { phrase: /\banew\b/i, instead: '"again"; "from the start"' },
  { phrase: /\b(go|goes|going|went|gone) on\b/i, instead: 'continue' },
  {
    phrase: /\b(that|those) of (?!a kind\b)/i,
    instead: 'repeat the noun: "the clock of web1", "web1\'s clock"',
  },
  { phrase: /\b(the|that|those|one|ones) here\b/i, instead: '"this machine", "the local one"' },
  {
    phrase: /\b(took us|lets? us|see to (it|its|the))\b/i,
    instead: '"accepted the connection", "permits", "check"',
  },
  { phrase: /\bbeliev(e|es|ed|ing)\b/i, instead: 'accept, trust; "authentication failed"' },
  { phrase: /\bknows? (no|of no|nothing|none)\b/i, instead: '"has no", "does not have", "unknown"' },
  { phrase: /\b(is|are|be|still) whole\b/i, instead: 'intact, complete' },
  { phrase: /\b(is|are) none of\b|\bof none\b/i, instead: '"does not match", "is not in"' },
  { phrase: /\bdoubt(s|ed|ful|ing)?\b/i, instead: 'invalidate; "cannot confirm"' },
  {
    phrase: /\bwhere (there (is|are) (no|none|nothing)|none|nothing|no \w+ (is|are|does|has))\b/i,
    instead: '"if there is no", "without"',
  },
  { phrase: /\b(whence|thence|therein|thereof|hereby|lest|nought|shall)\b/i, instead: 'modern English' },
  { phrase: /\bin (plain )?words\b/i, instead: '"with a message", "with an error that says why"' },
  { phrase: /\bin vain\b/i, instead: 'without success, failed' },
  { phrase: /\b(goes?|went|gone) well\b/i, instead: 'succeeds, succeeded' },
  { phrase: /\bin the place of\b/i, instead: 'instead of' },
  { phrase: /\bfor ever\b/i, instead: 'forever, indefinitely' },
  { phrase: /\b(stands?|stood) (in|at|on|below|above|beside|there)\b/i, instead: 'is in' },
  { phrase: /\b(lies?|lay) (in|at|before|below|beyond|within|beside)\b/i, instead: 'is in, is before' },
  { phrase: /\bthe silent\b|\bthe living\b/i, instead: '"nodes that did not reply", "running nodes"' },
  { phrase: /\bput aside\b|\bputs aside\b/i, instead: 'quarantine, move to' },
  { phrase: /\bby and by\b/i, instead: 'gradually' },
  { phrase: /\b(is|are) (over|past)(?=[,.;:)]|$)/i, instead: 'has ended, has expired' },
  { phrase: /\bis it well\b|\b(is|are|all) well\b/i, instead: 'healthy, in order' },
  { phrase: /\bof late\b|\bby chance\b|\bat hand\b/i, instead: 'recently; if; available' },
  { phrase: /\bnot a word\b|\bwithout a word\b/i, instead: 'nothing; without a message' },
];

/** Where a text uses one of the phrases: the words found, and what to write instead. */
export function findPhrases(text) {
  const found = [];
  for (const { phrase, instead } of phrases) {
    for (const match of text.matchAll(new RegExp(phrase, `${phrase.flags}g`))) {
      found.push({ at: match.index, words: match[0], instead });
    }
  }
  return found.sort((one, other) => one.at - other.at);
}
