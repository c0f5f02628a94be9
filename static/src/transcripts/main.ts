import "./transcript.css";
import { search } from "./search";
import { watchProgress } from "./progress";

search();
watchProgress();
