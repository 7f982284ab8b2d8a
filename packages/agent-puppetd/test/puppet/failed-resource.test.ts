import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseFailedResources, wordsOf } from '../../src/puppet/failed-resource.js';

// As Puppet 7.23 writes it.
const text = `- level: err
  message: "'/bin/false' returned 1 instead of one of [0]"
  source: Puppet
  tags:
  - err
  time: '2026-12-01T09:16:57.540551557+00:00'
  file:
  line:
- level: err
  message: 'change from ''notrun'' to [''0''] failed: ''/bin/false'' returned 1 instead
    of one of [0]'
  source: "/Stage[main]/Main/Exec[broken thing]/returns"
  tags:
  - err
  - exec
  - class
  time: '2026-12-01T09:16:57.546860088+00:00'
  file: "/etc/puppetlabs/code/site.pp"
  line: 12
- level: err
  message: |-
    Could not set 'file' on ensure
    - level: err
    Wrapped exception:
    No such file or directory
  source: "/Stage[main]/Profile::Web/File[/srv/a [1]/b]/ensure"
  file: "/etc/puppetlabs/code/site.pp"
  line: 2
- level: err
  message: again
  source: "/Stage[main]/Main/Exec[broken thing]/returns"
  file: "/etc/puppetlabs/code/site.pp"
  line: 12
- level: err
  message: Could not evaluate
  source: "/Stage[main]/Main/Profile::Db[one]/Concat::Fragment[x]"
  file:
  line:
`;

describe('the failed resources of a run', () => {
  it('are those of the report, each once, with the place in the manifest', () => {
    expect(parseFailedResources(text)).to.deep.equal([
      {
        resource: 'Exec[broken thing]',
        file: '/etc/puppetlabs/code/site.pp',
        line: 12,
        message: "change from 'notrun' to ['0'] failed: '/bin/false' returned 1 instead of one of [0]",
      },
      {
        resource: 'File[/srv/a [1]/b]',
        file: '/etc/puppetlabs/code/site.pp',
        line: 2,
        message: "Could not set 'file' on ensure - level: err Wrapped exception: No such file or directory",
      },
      { resource: 'Concat::Fragment[x]', file: null, line: null, message: 'Could not evaluate' },
    ]);
  });

  it('are at most five', () => {
    const many = Array.from(
      { length: 9 },
      (_, n) => `- level: err\n  message: no\n  source: /Stage[main]/Main/Exec[${n}]/returns\n`,
    );
    expect(parseFailedResources(many.join(''))).to.have.length(5);
  });

  it('are read as far as the text goes', () => {
    const cut = text.slice(0, text.indexOf('Wrapped'));
    expect(parseFailedResources(cut).map(({ resource }) => resource)).to.deep.equal(['Exec[broken thing]']);
    expect(parseFailedResources('')).to.deep.equal([]);
    expect(parseFailedResources('- level: *1\n  source: [')).to.deep.equal([]);
  });

  it('are named in one line', () => {
    const about = { resource: 'Exec[x]', file: '/site.pp', line: 12, message: 'failed' };
    expect(wordsOf(about)).to.equal('Exec[x] (/site.pp:12): failed');
    expect(wordsOf({ ...about, line: null })).to.equal('Exec[x] (/site.pp): failed');
    expect(wordsOf({ ...about, file: null, line: null })).to.equal('Exec[x]: failed');
  });
});
