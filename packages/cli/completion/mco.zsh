#compdef mco
# Completion of mco for zsh: source <(mco completion zsh)
_mco() {
    local -a values described joined joined_described
    local value meaning
    while IFS=$'\t' read -r value meaning; do
        if [[ $value == *= ]]; then
            joined+=("$value"); joined_described+=("$value  $meaning")
        else
            values+=("$value"); described+=("$value  $meaning")
        fi
    done < <(mco completion --line "${(j: :)words[1,CURRENT]}" 2>/dev/null)
    if (( ${#values} + ${#joined} == 0 )); then _files; return; fi
    (( ${#values} )) && compadd -l -d described -a values
    (( ${#joined} )) && compadd -l -S '' -d joined_described -a joined
    return 0
}
compdef _mco mco
