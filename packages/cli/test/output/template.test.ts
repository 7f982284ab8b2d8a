import { expect } from 'chai';
import { describe, it } from 'mocha';
import { UsageError } from '../../src/failure.js';
import { parseTemplate } from '../../src/output/template.js';

const inventory = {
  classes: ['role::web', 'base'],
  collectives: ['mcollective'],
  version: '1.0',
  facts: { os: { family: 'Debian' }, note: 'a\u001b[31mb\nc', disks: [{ size: 1 }] },
};

describe('a template of mco inventory --format', () => {
  for (const [template, line] of [
    ['{identity}', 'web1.lab'],
    ['{identity:10}|{facts.os.family}', 'web1.lab  |Debian'],
    ['{classes} in {collectives}\\t{version}', 'role::web, base in mcollective\t1.0'],
    ['{facts.os}', '{ "family": "Debian" }'],
    ['{facts.disks}', '[{ "size": 1 }]'],
    ['[{facts.none}]', '[]'],
    ['{facts.note}', 'ab c'],
    ['a\\nb \\\\n {{x}}', 'a\nb \\n {x}'],
  ] as const) {
    it(JSON.stringify(template), () => {
      expect(parseTemplate(template)('web1.lab', inventory)).to.equal(line);
    });
  }

  for (const [template, fault] of [
    ['{identiy}', '--format: unknown field {identiy} (did you mean "identity"?)'],
    ['{facts.}', '--format: unknown field {facts.}'],
    ['a { b', '--format: unmatched "{": write {{ for a literal {'],
  ] as const) {
    it(`refuses ${template}`, () => {
      expect(() => parseTemplate(template)).to.throw(UsageError, fault);
    });
  }
});
