import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileDdl, TroupeError } from '@troupe/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { importRubyDdl } from '../../../../src/commands/plugin/ruby-ddl/index.js';

const cron = readFileSync(
  fileURLToPath(new URL('../../../../../test/commands/plugin/ruby-ddl/fixtures/cron.ddl', import.meta.url)),
  'utf8',
);

const metadata =
  'metadata :name => "x", :description => "x", :author => "x", :license => "x", :version => "1.0", :url => "x", :timeout => 5\n';
const withInput = (validation: string) =>
  `${metadata}action "a", :description => "a" do
input :i, :prompt => "I", :description => "i", :type => :string, :optional => true, :maxlength => 9, :validation => ${validation}
end`;

function refusal(text: string): string | undefined {
  try {
    importRubyDdl(text, 'x.ddl');
    return undefined;
  } catch (error) {
    return error instanceof TroupeError ? `${error.code} ${error.message}` : `not ours: ${error}`;
  }
}

describe('a Ruby DDL', () => {
  it('becomes JSON', () => {
    const { kind, ddl, notes } = importRubyDdl(cron, 'cron.ddl');
    expect(kind).to.equal('agent');
    expect(ddl).to.deep.equal({
      $schema: 'https://choria.io/schemas/mcorpc/ddl/v1/agent.json',
      metadata: {
        name: 'cron',
        description: "Looks after cron's tables",
        author: 'R. Example <ops@example.net>',
        license: 'Apache-2.0',
        version: '1.2',
        url: 'unknown',
        timeout: 10,
      },
      actions: [
        {
          action: 'list',
          description: 'Lists the entries',
          display: 'always',
          input: {
            user: {
              prompt: 'User',
              description: 'Whose table; "root" is not\'s',
              type: 'string',
              validation: '^[a-z]+$',
              optional: false,
              default: 'root',
              maxlength: 32,
            },
            where: {
              prompt: 'Where',
              description: 'Where',
              type: 'list',
              list: ['system', 'user'],
              optional: true,
            },
          },
          output: {
            entries: { description: 'The entries', display_as: 'Entries', default: [] },
            count: { description: 'How many', display_as: 'Count', default: -1, type: 'integer' },
          },
          aggregate: [
            { function: 'summary', args: ['entries'] },
            { function: 'average', args: ['count', { format: 'Average: %0.2f' }] },
            { function: 'boolean_summary', args: ['count', { true: 'some', false: 'none' }] },
          ],
        },
        {
          action: 'run',
          description: 'Runs an entry',
          display: 'failed',
          input: {
            address: {
              prompt: 'Address',
              description: 'Where it reports to',
              type: 'string',
              validation: 'ipv4address',
              maxlength: 0,
              optional: true,
            },
            pattern: {
              prompt: 'Pattern',
              description: 'Which one',
              type: 'string',
              optional: false,
              validation: '(?i)(?P<kind>[0-9a-fA-F]+)[\\w./]',
              maxlength: 0,
            },
            tag: {
              prompt: 'Tag',
              description: 'A tag',
              type: 'string',
              validation: 'shellsafe',
              maxlength: 20,
              optional: true,
            },
          },
          output: { exitcode: { description: 'Exit code', display_as: 'Exit code' } },
        },
      ],
    });
    expect(notes).to.deep.equal([
      'line 2: metadata url is empty: set to "unknown"',
      'line 51: the type :ipv4address becomes a string of any length with the validator "ipv4address"',
      'line 53: input pattern: validation (?i)(?P<kind>[0-9a-fA-F]+)[\\w./] must match the whole value; in MCollective it matched any part of it',
      'Ruby DDLs do not declare whether an action changes the host: set "mutating": false for each action that does not',
    ]);
    if (kind === 'agent') {
      const list = compileDdl(ddl).action('list');
      expect(list?.checkInput({ user: 'root' })).to.equal(undefined);
      expect(list?.checkInput({ user: 'root\nx' })?.status).to.equal(4);
    }
  });

  it('of a data plugin becomes JSON', () => {
    const { kind, ddl } = importRubyDdl(`${metadata}
dataquery :description => "Files" do
  input :query, :prompt => "File", :description => "A file", :type => :string, :validation => '.', :maxlength => 120
  output :size, :description => "Bytes", :display_as => "Size", :default => nil
end`);
    expect(kind).to.equal('data');
    expect(ddl).to.deep.include({
      query: {
        prompt: 'File',
        description: 'A file',
        type: 'string',
        validation: '.',
        maxlength: 120,
        optional: false,
      },
      output: { size: { description: 'Bytes', display_as: 'Size', default: null } },
    });
  });

  it('may have loops over lists that are written out, as services and packages have', () => {
    const text = `${metadata}
["stop", :start].each do |act|
  action act, :description => "#{act.to_s.capitalize}s a service" do
    %w{before after}.each { |time|
      output time, :description => "The state #{time} the #{act}", :display_as => time.upcase
    }
  end
end
action "status", :description => "Says the state" do
end`;
    const imported = importRubyDdl(text, 'service.ddl');
    if (imported.kind !== 'agent') throw new Error('it is no agent');
    const { actions } = imported.ddl;
    expect(actions.map(({ action, description }) => [action, description])).to.deep.equal([
      ['stop', 'Stops a service'],
      ['start', 'Starts a service'],
      ['status', 'Says the state'],
    ]);
    expect(actions[1]?.output).to.deep.equal({
      before: { description: 'The state before the start', display_as: 'BEFORE' },
      after: { description: 'The state after the start', display_as: 'AFTER' },
    });
  });

  const actionsOf = (body: string) => {
    const imported = importRubyDdl(`${metadata}${body}`, 'x.ddl');
    if (imported.kind !== 'agent') throw new Error('it is no agent');
    return imported.ddl.actions;
  };

  it('may have the loops and conditions of the DDLs for services, packages and the shell', () => {
    const actions = actionsOf(`
maximum = 10 * 1024
["stop", "install", "update"].each do |act|
  action act, :description => "#{act.capitalize} it" do
    output :status, :description => "The state after #{act.sub(/p$/, 'pp')}ing", :display_as => 'It' + "s state"
    if act == 'install'
      input :version, :prompt => "Version", :description => "x", :type => :string, :validation => '.', :optional => true, :maxlength => maximum
    elsif act =~ /^up/ then
      input :all, :prompt => "All", :description => "x", :type => :boolean, :optional => true
    else
      input :names, :prompt => "Names", :description => "x", :type => :Array, :optional => act != "stop"
    end
    output :left, :description => act == "stop" ? "stopped" : "other", :display_as => "Left" unless act.start_with?("up", "down")
    case act
    when "install", "purge" then output :a, :description => "a", :display_as => "A"
    when /p$/
      output :b, :description => "b", :display_as => "B"
    else
      output :c, :description => "c", :display_as => "C"
    end
  end
end`);
    expect(actions.map(({ action, input }) => [action, input])).to.deep.equal([
      ['stop', { names: { prompt: 'Names', description: 'x', type: 'array', optional: false } }],
      [
        'install',
        {
          version: {
            prompt: 'Version',
            description: 'x',
            type: 'string',
            validation: '.',
            optional: true,
            maxlength: 10_240,
          },
        },
      ],
      ['update', { all: { prompt: 'All', description: 'x', type: 'boolean', optional: true } }],
    ]);
    expect(
      actions.map(({ output }) =>
        Object.entries(output).map(([key, { description }]) => `${key}: ${description}`),
      ),
    ).to.deep.equal([
      ['status: The state after stopping', 'left: stopped', 'b: b'],
      ['status: The state after installing', 'left: other', 'a: a'],
      ['status: The state after updateing', 'c: c'],
    ]);
  });

  for (const [what, body, names] of [
    [
      'a loop over numbers',
      '[1, 2].each do |n| action "a#{n}", :description => "a" do\nend\nend',
      ['a1', 'a2'],
    ],
    [
      'a loop over pairs',
      '[["a", 1], ["b", 2]].each { |x, n| action x + n.to_s, :description => "a" do\nend }',
      ['a1', 'b2'],
    ],
    [
      'a loop over a hash',
      '{:a => "x", "b" => "y"}.each_pair do |k, v|\naction "#{k}_#{v}", :description => "a" do\nend\nend',
      ['a_x', 'b_y'],
    ],
    [
      'a loop over a variable',
      'all = %w{a b}\nall.each do |x|\naction x, :description => "a" do\nend\nend',
      ['a', 'b'],
    ],
    [
      'a text with a text in it',
      `["ab"].each do |x|\naction "#{x.gsub("b", "c")}", :description => "a" do\nend\nend`,
      ['ac'],
    ],
    [
      'a condition with and, or and not',
      'if (1 < 2 and not false) || nil\naction "a", :description => "a" do\nend\nend',
      ['a'],
    ],
    [
      'a condition after an action',
      'action "a", :description => "a" do\nend if %w{x y}.include?("x")\naction "b", :description => "b" do\nend unless 2 ** 3 == 8',
      ['a'],
    ],
  ] as const) {
    it(`may have ${what}`, () => {
      expect(actionsOf(body).map(({ action }) => action)).to.deep.equal(names);
    });
  }

  it('is named like its file where its metadata has a title instead', () => {
    const titled = metadata.replace('"x"', '"File Stat"');
    const action = 'action "a", :description => "a" do\nend';
    const query = `dataquery :description => "a" do\noutput :o, :description => "o", :display_as => "O"\nend`;
    const agent = importRubyDdl(`${titled}${action}`, '/usr/share/agent/service.ddl');
    expect(agent.ddl.metadata.name).to.equal('service');
    expect(agent.notes[0]).to.equal(
      'metadata name "File Stat" is not a valid name: replaced by the file name "service"',
    );
    const data = importRubyDdl(`${titled}${query}`, 'data/fstat_data.ddl');
    expect(data.ddl.metadata.name).to.equal('fstat');
    expect(refusal(`${metadata.replace('"x"', '"File Stat"')}${action}`)).to.equal(undefined);
    expect(() => importRubyDdl(`${titled}${action}`)).to.throw('metadata.name: must match pattern');
  });

  for (const [ruby, pattern] of [
    ["'^.+$'", '^.+$'],
    ['/\\A\\d+\\z/', '^\\d+$'],
    ['%r{^/etc/[a-z]+$}', '^/etc/[a-z]+$'],
    ['/^[\\h:]+$/', '^[0-9a-fA-F:]+$'],
    ['/^a.b$/m', '(?s)^a.b$'],
    ['"^\\\\d$"', '^\\d$'],
    ["'yes'", '(?:yes)'],
  ] as const) {
    it(`has ${ruby} as the regular expression ${pattern}`, () => {
      const imported = importRubyDdl(withInput(ruby));
      if (imported.kind !== 'agent') throw new Error('it is no agent');
      expect(imported.ddl.actions[0]?.input.i?.validation).to.equal(pattern);
    });
  }

  const program = 'Ruby code is not executed, apart from loops over literal lists';
  for (const [what, text, message] of [
    [
      'a loop over something computed',
      `${metadata}\nnames.each do |act|\nend`,
      `3: unexpected ".": ${program}`,
    ],
    ['a loop over an empty list', `${metadata}\n[].each do |act|\nend`, '3: a loop over an empty list'],
    ['another loop', `${metadata}\n["a", "b"].map do |act|\nend`, `3: unexpected "map": ${program}`],
    ['a computed list', `${metadata}\n%W{a b}.each do |act|\nend`, '3: %W lists are not supported'],
    [
      'a method that cannot be computed',
      `${metadata}\n["a"].each do |act|\naction act.send("b"), :description => "a" do\nend\nend`,
      `4: unexpected "send": ${program}`,
    ],
    [
      'a method that takes code',
      `${metadata}\n["a"].each do |act|\naction act.sub(/a/) { |x| x }, :description => "a" do\nend\nend`,
      `4: unexpected "sub": ${program}`,
    ],
    [
      'a condition about something unknown',
      `${metadata}\nif Puppet\naction "a", :description => "a" do\nend\nend`,
      `3: unexpected "Puppet": ${program}`,
    ],
    [
      'a condition about a command',
      `${metadata}\nif system("id")\naction "a", :description => "a" do\nend\nend`,
      `3: unexpected "system": ${program}`,
    ],
    [
      'a sum of a string and a number',
      `${metadata}\naction "a" + 1 do\nend`,
      `3: unexpected "+": ${program}`,
    ],
    ['a division by zero', `${metadata}\naction 1 / 0 do\nend`, '3: 1 / 0 is not a number that can be used'],
    [
      'a string that doubles',
      `${metadata}\na = "aaaaaaaaaa"\n${'a = a + a\n'.repeat(12)}action a do\nend`,
      '13: the DDL is too long',
    ],
    [
      'an open condition',
      `${metadata}\nif true\naction "a", :description => "a" do\nend`,
      '5: "end" is missing',
    ],
    ['a case without when', `${metadata}\ncase 1\nelse\nend`, `4: unexpected "else": ${program}`],
    [
      'a variable after its loop',
      `${metadata}\n["a"].each do |act|\naction act, :description => act do\nend\nend\naction "#{act}" do\nend`,
      '7: a string with #{…} is Ruby code',
    ],
    [
      'loops in loops without end',
      `${metadata}\n${'%w(a b c d e f g h i j).each do |x|\n'.repeat(6)}action x, :description => "a" do\nend\n${'end\n'.repeat(6)}`,
      '9: the DDL is too long',
    ],
    ['a block with arguments', `${metadata}\naction "a" do |x|\nend`, `3: unexpected "|": ${program}`],
    ['a constant', `${metadata}\naction Foo do\nend`, `3: unexpected "Foo": ${program}`],
    ['a command', `${metadata}\n\`id\``, '3: unexpected character "`"'],
    ['a computed text', `${metadata}\naction "#{x}" do\nend`, '3: a string with #{…} is Ruby code'],
    [
      'a computed value',
      `${metadata}\naction name(1), :description => "x" do\nend`,
      '3: "name" is Ruby code',
    ],
    ['a call of the system', `${metadata}\nsystem "id"`, '3: "system" is not allowed in a DDL'],
    ['an open text', `${metadata}\naction "a`, '3: a string is not terminated'],
    ['an open block', `${metadata}\naction "a", :description => "a" do`, '3: "end" is missing'],
    ['no metadata', 'action "a", :description => "a" do\nend', '1: the DDL has no metadata'],
    ['no action', metadata, '1: the DDL has no actions'],
    [
      'a strange display',
      `${metadata}\naction "a", :description => "a" do\ndisplay :loud\nend`,
      '4: display takes',
    ],
    ['the type any', withInput("'.', :type => :any"), '3: the type :any is not supported'],
    ['a look-ahead', withInput('/^(?!x)/'), '3: the regular expression ^(?!x) is not valid'],
    ['a flag', withInput('/^a b$/x'), '3: the regular expression flag x'],
    ['a typed validation', withInput(':integer'), '3: the validation :integer is a type'],
  ] as const) {
    it(`with ${what} is refused with its line`, () => {
      expect(refusal(text)).to.satisfy(
        (said?: string) => said?.startsWith(`DDL_INVALID x.ddl:${message}`),
        refusal(text),
      );
    });
  }

  it('is refused in one line, whatever it is', () => {
    const pieces = fc.constantFrom(
      ...[
        'action',
        'input',
        '"a"',
        "'",
        '"',
        ':x',
        'x:',
        '=>',
        ',',
        '(',
        ')',
        '{',
        '}',
        '[',
        ']',
        'do',
        'end',
      ],
      ...['\n', '/', '%r{', '<<-E', '#', '\\', '1', '-', 'nil', '|', '.', ';', '::', '=begin\n', 'summary'],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), fc.boolean(), (words, isClosed) => {
        const said = refusal(`${metadata}${words.join(isClosed ? ' ' : '')}`);
        expect(said ?? 'DDL_INVALID x.ddl').to.match(/^DDL_INVALID (DDL )?x\.ddl/);
        expect(said ?? '').not.to.include('\n');
      }),
      { numRuns: 1000 },
    );
  });
});
