/** The text of a record in which words are sought: arguments, result and message. */
export const SEARCHED_TEXT = `concat_ws(' ', request_data::text, response_data::text, error_message)`;
