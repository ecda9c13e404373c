/**
 * The text of a record in which words are sought: arguments, result and message, the escapes of JSON text as spaces
 * (`wordsOf` does the same).
 */
export const SEARCHED_TEXT = String.raw`regexp_replace(concat_ws(' ', request_data::text, response_data::text, error_message),
  '\\[nrtbf"\\/]', ' ', 'g')`;
