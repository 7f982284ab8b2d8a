# Completion of mco for bash: source <(mco completion bash)
_mco() {
    local line="${COMP_LINE:0:COMP_POINT}"
    local word="${line##*[[:space:]]}"
    local candidate
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        # bash has split the word at its last "=" or ":" already, and replaces what is behind that only.
        case $word in
            *[=:]*) candidate="${candidate#"${word%"${word##*[=:]}"}"}" ;;
        esac
        COMPREPLY+=("$candidate")
    done < <(mco completion --line "$line" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -o default -F _mco mco
