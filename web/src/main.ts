import { createApp } from "vue";

import PublicPage from "./pages/public/PublicPage.vue";
import "./style.css";

createApp(PublicPage).mount("#page");
