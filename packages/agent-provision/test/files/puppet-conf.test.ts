import { expect } from 'chai';
import { describe, it } from 'mocha';
import { withServer } from '../../src/files/puppet-conf.js';

const block = (body = '') => `# BEGIN troupe\n${body}server = 192.0.2.1\n# END troupe\n`;

describe('withServer', () => {
  const rows: readonly (readonly [what: string, before: string, after: string])[] = [
    ['no file', '', block('[main]\n')],
    ['only comments', '# nothing yet\n', `${block('[main]\n')}# nothing yet\n`],
    ['a section [main]', '[main]\nserver = other\n', `[main]\n${block()}server = other\n`],
    ['a block of before', `[main]\n# BEGIN troupe\nserver = 10.0.0.1\n# END troupe\n`, `[main]\n${block()}`],
    ['settings before any section', 'certname = n1\n', `${block('[main]\n')}certname = n1\n`],
    [
      'a server in [agent], which would win',
      '[main]\ncertname = n1\n[agent]\nserver = other\n',
      `[main]\ncertname = n1\n[agent]\n${block()}server = other\n`,
    ],
    ['a CA of its own', '[main]\nca_server = ca\n', `[main]\n${block()}ca_server = ca\n`],
    [
      'a server that is not the agent’s',
      '[server]\nserver_list = x\n[main]\nca = true\n',
      `[server]\nserver_list = x\n[main]\n${block()}ca = true\n`,
    ],
  ];
  for (const [what, before, after] of rows) {
    it(`copes with ${what}`, () => {
      expect(withServer(before, 'puppet.conf', '192.0.2.1')).to.equal(after);
      expect(withServer(after, 'puppet.conf', '192.0.2.1')).to.equal(after);
    });
  }

  it('refuses a puppet.conf whose server_list would win', () => {
    expect(() => withServer('[main]\nserver_list = a,b\n', '/etc/puppet/puppet.conf', '192.0.2.1')).to.throw(
      '/etc/puppet/puppet.conf sets server_list in [main], which overrides server: remove it',
    );
  });
});
