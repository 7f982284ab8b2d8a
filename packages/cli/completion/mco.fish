# Completion of mco for fish: mco completion fish > ~/.config/fish/completions/mco.fish
complete -c mco -f -a '(mco completion --line (commandline -cp | string collect) 2>/dev/null)'
complete -c mco -r -F -l nodes
complete -c mco -r -F -s c -l config
