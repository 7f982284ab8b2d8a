const ctrlC = '\u0003';
const id = /\b[0-9a-f]{32}\b/;

/** The pages: each command with a line before it. `keep` names the request id of its output, `keys` is what is typed. */
export const pages = [
  {
    file: 'finding-nodes.md',
    title: 'Finding nodes',
    steps: [
      ['Who is there, and how fast they answer:', 'mco ping'],
      ['With a graph of the times:', 'mco ping --graph'],
      ['By a fact, and by a class:', 'mco find -F country=mt -C role::web'],
      [
        'By an expression over facts, classes and data plugins:',
        `mco find -S "role::db or (os.family=Debian and mem>2048)"`,
      ],
      [
        'What a filter means, in English:',
        `mco describe-filter -S "role::db or (os.family=Debian and mem>2048)"`,
      ],
      ['What a filter can ask of a node beside facts:', 'mco plugin doc data/fstat'],
      ['A slip is noticed:', `mco find -S "fstat('/etc/motd').sise > 0"`],
      ['Some of them, the same ones each time:', 'mco find --limit 50% --limit-seed 7'],
      ['Those that the broker knows to be online, without asking them:', 'mco find --dm presence'],
      ['The ways to find nodes:', 'mco help discovery'],
      [
        'From a list, in lines, JSON or YAML:',
        `printf 'web1.example.net\\nweb2.example.net\\n' > mine.txt; mco find --nodes mine.txt -F mem=4096`,
      ],
    ],
  },
  {
    file: 'calling-actions.md',
    title: 'Calling actions',
    steps: [
      ['What an action needs:', 'mco help rpc backup run'],
      [
        'All nodes that have the agent; what is shown, and the summary, are what its DDL says:',
        'mco rpc backup status --sort',
      ],
      ['As a table:', 'mco rpc backup status --table'],
      [
        'One that fails on some nodes shows these, and ends with 2:',
        'mco rpc backup verify; echo "exit code $?"',
      ],
      ['For programs:', 'mco rpc backup verify -C role::db --json'],
      ['A line for everything as it comes:', 'mco rpc backup status -C role::web --jsonl'],
      [
        'A node that is away is named, and the exit code says so:',
        'mco rpc backup status -I web1.example.net -I old.example.net; echo "exit code $?"',
      ],
      ['So is a name that nobody has:', 'mco rpc backup status -I wbe1.example.net; echo "exit code $?"'],
      [
        'What changes hosts asks first where there is no filter:',
        'mco rpc backup run',
        { keys: [[/\[y\/N\] /, 'n\r']] },
      ],
      [
        'What would be done, without doing it:',
        'mco rpc backup run -C role::web --batch 1 --max-failures 0 --dry-run',
      ],
      ['With the output of each node as it comes:', 'mco rpc backup run -C role::web --stream'],
      [
        'A rollout that stops when more fail than may:',
        'mco rpc backup verify --nodes order.txt --batch 1 --batch-sleep 0 --max-failures 0',
        { before: `printf 'db1.example.net\\nweb1.example.net\\nweb2.example.net\\n' > order.txt` },
      ],
      [
        'One command after the other, on the nodes where the first went well:',
        'mco rpc backup verify --json --display ok | mco rpc backup run --nodes - -v',
      ],
      [
        'A slip in an action or an input is answered with what was meant:',
        'mco rpc backup stauts; mco rpc backup run secs=1 -C role::web',
      ],
      ['Sent without waiting for replies:', 'mco rpc backup run -C role::web --no-results'],
    ],
  },
  {
    file: 'jobs.md',
    title: 'Jobs: actions that continue without the terminal',
    steps: [
      [
        'Ctrl-C stops the waiting, not the action:',
        'mco rpc backup run seconds=100 -C role::web --stream',
        {
          keys: [
            [/web3\.example\.net: copying/, ctrlC],
            [/Ctrl-C again/, ''],
          ],
          keep: true,
        },
      ],
      ['What nodes keep of your requests:', 'mco job list --running'],
      ['How it goes on:', 'mco job show $ID'],
      [
        'From any terminal, with the output so far; a second Ctrl-C cancels it on the nodes:',
        'mco job attach $ID --stream',
        {
          keys: [
            [/copying/, ctrlC],
            [/Ctrl-C again/, ctrlC],
          ],
        },
      ],
      ['What became of it is still there:', 'mco job show $ID'],
      [
        'Cancelled from elsewhere:',
        'mco rpc backup run seconds=60 -C role::db --no-results > id.txt; sleep 2; mco job cancel $(cat id.txt)',
      ],
      [
        'Replies to another terminal: this one listens,',
        'mco listen nightly --count 2 & sleep 4; mco rpc backup verify -F country=mt --reply-to nightly; wait',
      ],
    ],
  },
  {
    file: 'looking-at-nodes.md',
    title: 'Inspecting nodes',
    steps: [
      ['All about one:', 'mco inventory db1.example.net'],
      [
        'A line about each:',
        `mco inventory --format '{identity:20} {facts.os.family:8} {facts.mem:6} {classes}'`,
      ],
      ['The values of a fact:', 'mco facts os.family -v'],
      [
        'The collectives, and as a graph:',
        'mco inventory --list-collectives; mco inventory --collective-map - -q',
      ],
      [
        'Puppet, by the commands that the agent puppetd brings (Puppet itself is played by the stand-in of the tests here):',
        'mco puppet status',
      ],
      ['A run:', 'mco puppet runonce -I web1.example.net'],
    ],
  },
  {
    file: 'operating.md',
    title: 'Configuration, keys, policies and health checks',
    steps: [
      ['The configuration in use, and where each value is from:', 'mco config'],
      ['Whether it is sound:', 'mco config check'],
      ['What is wrong between here and the nodes:', 'mco doctor'],
      [
        'And with the daemon of this machine, such as for a monitoring system:',
        'mco doctor --local --daemon-config $SITE/web1.example.net.yaml',
      ],
      [
        'A key for a person, and the request for a certificate:',
        'mco keys ann.mcollective --folder ann --broker mqtts://broker.example.net:8883',
      ],
      [
        'An enrolment token for new machines:',
        'mco enroll token --broker mqtts://broker.example.net:8883 --ttl 1h -o token',
      ],
      ['Whether policies are sound:', 'mco policy check $SITE/policies'],
      [
        'Which line decides:',
        'mco policy explain $SITE/policies --caller intern.mcollective --agent backup --action run',
      ],
      ['Whether no line of an audit was altered:', 'mco audit verify $SITE/web1.example.net/audit.log'],
      [
        'The configuration of a broker, from one list of what the protocol needs:',
        'mco broker config mosquitto --certificate /etc/mosquitto/mq.pem --key /etc/mosquitto/mq.key --caller rip.mcollective -o mosquitto; head -n 24 mosquitto/*.conf',
      ],
      ['Exit codes:', 'mco help exit-codes'],
      [
        'What a shell would complete:',
        `mco completion --line 'mco rpc backup run to='; mco completion --line 'mco inventory w'`,
      ],
      ['The version:', 'mco --version'],
    ],
  },
  {
    file: 'agents.md',
    title: 'Agents and their DDLs',
    steps: [
      ['What is known here:', 'mco plugin list; mco plugin list --data'],
      ['An agent whose DDL only nodes have:', 'mco plugin doc backup status'],
      ['A new agent:', 'mco plugin generate agent dice'],
      ['Whether an agent is sound:', 'mco plugin validate $ROOT/scripts/transcripts/backup.js'],
      [
        "From MCollective's Ruby:",
        'mco plugin import $ROOT/packages/cli/test/commands/plugin/ruby-ddl/fixtures/cron.ddl',
      ],
      ['All commands:', 'mco help'],
    ],
  },
];

export { id };
